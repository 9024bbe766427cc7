const hourMs = 3_600_000;

/**
 * Milliseconds by which a visitor session lives longer than its login session. The visitor session needs this time
 * because polls and sockets renew only the login session.
 */
export const visitorExtraTtl = 24 * hourMs;

/** Milliseconds between two renewals of the visitor session by requests of a login. */
export const visitorRenewalInterval = hourMs;

/**
 * Milliseconds after which an unfinished step counts as abandoned: the process that began it is assumed to have died.
 */
export const abandonedAfter = 5_000;
