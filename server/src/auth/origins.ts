/** Whether a page of this origin may use a key. In the list, `*` as the port stands for any, also for none. */
export function allowsOrigin(list: readonly string[], origin: string): boolean {
  const asked = origin.toLowerCase();
  return list.some((each) => {
    const allowed = each.toLowerCase();
    if (!allowed.endsWith(':*')) return allowed === asked;
    const host = allowed.slice(0, -':*'.length);
    return asked === host || (asked.startsWith(`${host}:`) && /^\d{1,5}$/.test(asked.slice(host.length + 1)));
  });
}
