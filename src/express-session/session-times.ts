const hour = 3_600_000;

/**
 * How much longer than the session of its account a visitor session lives, in milliseconds: polls and sockets keep
 * that one alive, and know nothing of this.
 */
export const visitorLead = 24 * hour;

/** How often it is renewed meanwhile. */
export const visitorRenewal = hour;

/** What was begun and not finished for so long was left by a process that died. Milliseconds. */
export const abandonedAfter = 5_000;
