const texts = [
  'application/xml', 'application/xml-dtd', 'application/javascript', 'application/ecmascript', 'application/x-www-form-urlencoded',
  'application/yaml', 'application/toml', 'application/sql', 'application/graphql',
];

/** What a payload of a media type is, as the server decides it. */
export function kindOf(contentType: string): 'json' | 'text' | 'binary' {
  const [essence = '', ...parameters] = contentType.toLowerCase().split(';').map(part => part.trim());
  if (essence === 'application/json' || essence.endsWith('+json')) return 'json';
  const charset = parameters.find(parameter => parameter.startsWith('charset='))?.slice(8).replaceAll('"', '');
  const isText = essence.startsWith('text/') || essence.endsWith('+xml') || essence.endsWith('+yaml') || texts.includes(essence);
  return isText && (charset === undefined || charset === 'utf-8') ? 'text' : 'binary';
}
