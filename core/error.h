/* Errors: one table of code, name, what it means for execution, and one sentence for a person.
 *
 * Every function of Comity that can fail returns 0 or a negative code of this table and leaves its outputs
 * untouched. The codes are part of the contract (docs/protocol.md, "Errors"): a number, once given, is never
 * given to another. `execution` answers the question that a client has after a refusal:
 *   NOT_EXECUTED  nothing was changed and nothing will be, by this try
 *   UNKNOWN       it may have been carried out: send the same bytes again to learn */
#ifndef COMITY_CORE_ERROR_H
#define COMITY_CORE_ERROR_H

enum execution { NOT_EXECUTED, EXECUTION_UNKNOWN };

/* X(name, code, execution, sentence). -1 to -29: form; -30 to -49: keys and rights; -50 to -79: state of the
 * history; -80 to -99: delivery; -100 to -129: the machine it runs on; -130 to -139: a client's own checks. */
/* clang-format off */
#define COMITY_ERRORS(X) \
    X(ERR_MALFORMED, -1, NOT_EXECUTED, "The message cannot be read.") \
    X(ERR_TOO_LARGE, -2, NOT_EXECUTED, "It is larger than allowed.") \
    X(ERR_VERSION, -3, NOT_EXECUTED, "It is of a version that this software does not know.") \
    X(ERR_UNKNOWN_FIELD, -4, NOT_EXECUTED, "It has a field that this software does not know.") \
    X(ERR_ENUM, -5, NOT_EXECUTED, "A choice has a value that is not defined.") \
    X(ERR_UTF8, -6, NOT_EXECUTED, "A text is not valid UTF-8 or holds a NUL character.") \
    X(ERR_MISSING, -7, NOT_EXECUTED, "Something that is required was not given.") \
    X(ERR_RANGE, -8, NOT_EXECUTED, "A number or a length is outside what is allowed.") \
    X(ERR_NAME, -9, NOT_EXECUTED, "A name is not 1 to 40 of a-z, 0-9 and -, starting with a letter.") \
    X(ERR_TEXT, -10, NOT_EXECUTED, "A text does not belong to the hash that was signed.") \
    X(ERR_DUPLICATE, -11, NOT_EXECUTED, "The same thing is named twice.") \
    X(ERR_UNSUPPORTED, -12, NOT_EXECUTED, "This part is reserved and not built yet.") \
    X(ERR_RULE, -13, NOT_EXECUTED, "The rule contradicts itself.") \
    X(ERR_CHARACTERS, -14, NOT_EXECUTED, "A text has characters that could mislead whoever reads it.") \
    X(ERR_CONFUSABLE, -15, NOT_EXECUTED, "A name can be mistaken for another one on the roll.") \
    X(ERR_SIGNATURE, -30, NOT_EXECUTED, "A signature does not fit.") \
    X(ERR_KEY_UNKNOWN, -31, NOT_EXECUTED, "This key belongs to nobody here.") \
    X(ERR_KEY_REVOKED, -32, NOT_EXECUTED, "This key was revoked.") \
    X(ERR_FORBIDDEN, -33, NOT_EXECUTED, "You do not have the right to do this.") \
    X(ERR_COSIGNERS, -34, NOT_EXECUTED, "A signature that this needs is missing.") \
    X(ERR_VALIDITY, -35, NOT_EXECUTED, "Its time of validity is over, or too far ahead.") \
    X(ERR_GRANT, -36, NOT_EXECUTED, "There is no valid leave to read.") \
    X(ERR_HELLO, -37, NOT_EXECUTED, "The worker does not know this connection: say HELLO first.") \
    X(ERR_SEAL, -38, NOT_EXECUTED, "The sealed body does not open.") \
    X(ERR_FOUNDING, -39, NOT_EXECUTED, "The operator does not let you found a partnership here.") \
    X(ERR_INVITATION, -40, NOT_EXECUTED, "The invitation is unknown, used, withdrawn or expired.") \
    X(ERR_HISTORY, -50, NOT_EXECUTED, "This worker has no such history.") \
    X(ERR_NOT_FOUND, -51, NOT_EXECUTED, "There is no such thing in this history.") \
    X(ERR_EXISTS, -52, NOT_EXECUTED, "There is one already.") \
    X(ERR_STATE, -53, NOT_EXECUTED, "This cannot be done in its present state.") \
    X(ERR_CLOSED, -54, NOT_EXECUTED, "The round has closed.") \
    X(ERR_NOT_OPEN, -55, NOT_EXECUTED, "It is not open.") \
    X(ERR_NOT_ON_ROLL, -56, NOT_EXECUTED, "You are not on the roll.") \
    X(ERR_STALE, -57, NOT_EXECUTED, "There is a newer one than the one that this replaces.") \
    X(ERR_ONCE, -58, NOT_EXECUTED, "The rule allows one ballot, and you have cast it.") \
    X(ERR_REASON, -59, NOT_EXECUTED, "The rule asks for a reason with this answer.") \
    X(ERR_ANSWER, -60, NOT_EXECUTED, "The rule's scale has no such answer.") \
    X(ERR_QUORUM, -61, NOT_EXECUTED, "There is no quorum.") \
    X(ERR_ROUNDS, -62, NOT_EXECUTED, "The rule allows no further round.") \
    X(ERR_LAST_CO_CHAIR, -63, NOT_EXECUTED, "It would leave a constituency without a co-chair.") \
    X(ERR_LIMIT, -64, NOT_EXECUTED, "There are as many as are allowed.") \
    X(ERR_SCOPE, -65, NOT_EXECUTED, "The rule has a scope that names nobody here.") \
    X(ERR_EPOCH, -66, NOT_EXECUTED, "It was meant for the record as it was before a restore from a backup.") \
    X(ERR_CHARTER, -67, NOT_EXECUTED, "The charter in force does not allow it.") \
    X(ERR_MANDATE, -68, NOT_EXECUTED, "This member is not named to stand in here.") \
    X(ERR_DUTY, -69, NOT_EXECUTED, "The rule asks for something that the ballot does not come with.") \
    X(ERR_NOTICE, -70, NOT_EXECUTED, "The time of notice is not over, or there is no agenda to give notice of.") \
    X(ERR_NOT_PRESENT, -71, NOT_EXECUTED, "Whoever this is about is not checked in to the session.") \
    X(ERR_PAUSED, -72, NOT_EXECUTED, "The session is in recess or in caucus.") \
    X(ERR_OPTION, -73, NOT_EXECUTED, "The round has no such option.") \
    X(ERR_PHASE, -74, NOT_EXECUTED, "The item is in a phase that does not allow this.") \
    X(ERR_HELD, -75, NOT_EXECUTED, "A side's facilitator holds the item where it is.") \
    X(ERR_RECORD, -76, NOT_EXECUTED, "The record level that was agreed does not take this.") \
    X(ERR_LEGAL_HOLD, -77, NOT_EXECUTED, "It is under a legal hold.") \
    X(ERR_KEPT, -78, NOT_EXECUTED, "It was agreed to keep it for longer.") \
    X(ERR_STAGE, -79, NOT_EXECUTED, "A stage of the rule's ladder says what comes next.") \
    X(ERR_BUSY, -80, NOT_EXECUTED, "The service is busy: try again shortly.") \
    X(ERR_NO_ROUTE, -81, NOT_EXECUTED, "No worker serves this group at the moment.") \
    X(ERR_NOT_LEADER, -82, NOT_EXECUTED, "This worker does not lead its group.") \
    X(ERR_EXPIRED, -83, NOT_EXECUTED, "It was not delivered within its time.") \
    X(ERR_TIMEOUT, -84, EXECUTION_UNKNOWN, "No answer came within the time given.") \
    X(ERR_WORKER_LOST, -85, EXECUTION_UNKNOWN, "The worker was lost before it answered.") \
    X(ERR_MOVED, -86, NOT_EXECUTED, "The history was moved to another group.") \
    X(ERR_BEHIND, -87, NOT_EXECUTED, "This worker has not yet seen what you have seen.") \
    X(ERR_DRAINING, -88, NOT_EXECUTED, "The worker is shutting down.") \
    X(ERR_MOVING, -89, NOT_EXECUTED, "The history is being moved to another group: try again shortly.") \
    X(ERR_MEMORY, -100, NOT_EXECUTED, "Not enough memory.") \
    X(ERR_STORE, -101, EXECUTION_UNKNOWN, "The store failed.") \
    X(ERR_STORE_FULL, -102, NOT_EXECUTED, "The store has reached its configured limit.") \
    X(ERR_DISK_FULL, -103, NOT_EXECUTED, "The disk is full.") \
    X(ERR_STORE_VERSION, -104, NOT_EXECUTED, "The data directory was written by another version.") \
    X(ERR_STORE_IN_USE, -105, NOT_EXECUTED, "The data directory is in use by another process.") \
    X(ERR_CORRUPT, -106, NOT_EXECUTED, "Stored data is damaged.") \
    X(ERR_FILE, -107, NOT_EXECUTED, "A file cannot be read or written.") \
    X(ERR_FILE_MODE, -108, NOT_EXECUTED, "A secret file can be read by others.") \
    X(ERR_CONFIG, -109, NOT_EXECUTED, "The configuration cannot be used.") \
    X(ERR_ADDRESS, -110, NOT_EXECUTED, "The address cannot be used.") \
    X(ERR_INTERNAL, -111, EXECUTION_UNKNOWN, "Something that cannot happen has happened: please report it.") \
    X(ERR_UNREACHABLE, -130, NOT_EXECUTED, "Nobody listens at that address.") \
    X(ERR_SERVER_KEY, -131, NOT_EXECUTED, "The server's key is another than the one you were given.") \
    X(ERR_CLIENT_KEY, -132, NOT_EXECUTED, "The server refuses this connection's key.") \
    X(ERR_RECEIPT, -133, EXECUTION_UNKNOWN, "The receipt does not prove what it claims.") \
    X(ERR_USAGE, -134, NOT_EXECUTED, "The command line is not understood.") \
    X(ERR_DIFFERS, -135, NOT_EXECUTED, "What was counted anew is not what the record says.") \
    X(ERR_UNCOUNTED, -136, NOT_EXECUTED, "What it takes to count anew is not there.") \
    X(ERR_FORKED, -137, NOT_EXECUTED, "The record is not a continuation of what was seen of it before.") \
    X(ERR_PASSPHRASE, -138, NOT_EXECUTED, "The passphrase does not open the key.") \
    X(ERR_WORDS, -139, NOT_EXECUTED, "These are not the recovery words of a key.")
/* clang-format on */

enum error_code {
    ERR_OK = 0,
#define COMITY_ERROR_ENUM(name, code, execution, sentence) name = code,
    COMITY_ERRORS(COMITY_ERROR_ENUM)
#undef COMITY_ERROR_ENUM
};

/* "STALE" of ERR_STALE; "OK" of 0; "UNKNOWN_ERROR" of a number that is not in the table. Never NULL. */
const char *error_name(int code);

/* One English sentence, as in the table. Never NULL. */
const char *error_sentence(int code);

/* What the code says of execution; EXECUTION_UNKNOWN for a number that is not in the table. */
enum execution error_execution(int code);

/* Walk the table: code of the index-th row, or 0 past the end. */
int error_at(unsigned index);

#endif
