// The calendar day of an instant in the site's time zone. Pure.

/**
 * TZ and WEBSITE_TIME_ZONE are forbidden on Flex Consumption, so the zone is a setting of ours and Intl does the rest.
 * @param timeZone IANA name
 * @returns a function from milliseconds since 1970 to YYYY-MM-DD
 */
export function dayIn(timeZone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (time) => format.format(time);
}
