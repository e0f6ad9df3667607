// One line of JSON for each test, for who starts this from another program. Tests come before what they are part of, and one file's
// after another's, however many run at once.
export default async function* report(source) {
  let parts = [];
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail')
      continue;
    const { name, nesting, skip, details } = data;
    const error = details.error?.cause ?? details.error;
    parts.push({
      name,
      nesting,
      passed: type === 'test:pass',
      skipped: skip === undefined || skip === false ? null : String(skip),
      milliseconds: Math.round(details.duration_ms),
      error: error === undefined ? null : error.stack ?? String(error),
    });
    if (nesting > 0)
      continue;
    for (const part of parts)
      yield `${JSON.stringify({ client: name, ...part })}\n`;
    parts = [];
  }
}
