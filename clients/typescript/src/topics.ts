/** Whether a topic is one of a filter's: `*` is one segment, `**` at the end the rest, which may be nothing. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const given = topic.split('/');
  for (const [i, segment] of wanted.entries()) {
    if (segment === '**') return true;
    if (i >= given.length || (segment !== '*' && segment !== given[i])) return false;
  }
  return wanted.length === given.length;
}
