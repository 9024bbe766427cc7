const hourMs = 3_600_000;

/**
 * How much longer than its login session a visitor session lives, in milliseconds. Polls and sockets renew the login
 * session only.
 */
export const visitorExtraTtl = 24 * hourMs;

/** How often requests of a login renew the visitor session, in milliseconds. */
export const visitorRenewalInterval = hourMs;

/** After this many milliseconds an unfinished step is taken to be of a process that died. */
export const abandonedAfter = 5_000;
