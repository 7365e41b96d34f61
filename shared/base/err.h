/* err.h - all error codes, with a name and a sentence each.
 *
 * A function that returns `int` returns 0 or one of these negative codes.
 * Codes at or below ERR_TRUNC are the peer's fault and close its link; those
 * above are our own. ERR_AGAIN is not a failure: it means that more input is
 * needed. */
#ifndef SHARED_BASE_ERR_H
#define SHARED_BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

#define ERR_LIST(X)                                                           \
	X(OK, 0, "no error")                                                  \
	X(NOMEM, -1, "out of memory")                                         \
	X(CRYPTO, -2, "the cryptographic library failed")                     \
	X(AGAIN, -3, "more input is needed")                                  \
	X(IO, -4, "a system call failed")                                     \
	X(LIMIT, -5, "one of our own limits is reached")                      \
	X(USAGE, -6, "a value given by the user is not valid")                \
	X(PASSPHRASE, -7, "the passphrase does not open the key file")        \
	X(OUTPUT, -8, "the output cannot be written")                         \
	X(AUTHOR, -9, "that message is somebody else's")                      \
	X(ABSENT, -10, "there is no such message any more")                   \
	X(SECRET, -11, "the text has the secret of a sealed room")             \
	X(TRUNC, -16, "a message ends too early")                             \
	X(RANGE, -17, "a length or number is outside its bounds")             \
	X(STATE, -18, "a message came out of order")                          \
	X(MAC, -19, "the MAC of a record does not match")                     \
	X(REPLAYED, -20, "a sequence number came again")                      \
	X(GAP, -21, "a sequence number is missing")                           \
	X(JSON, -22, "a message is not the JSON that it must be")             \
	X(BASE64, -23, "a field is not strict base64")                        \
	X(KEY, -24, "a key is not of a permitted shape")                      \
	X(SHARE, -25, "a SPAKE2+ share is not valid")                         \
	X(CONFIRM, -26, "the password was not proved")                        \
	X(PROOF, -27, "the server's proof does not verify")                   \
	X(PIN, -28, "the server's identity is not the pinned one")            \
	X(KDF, -29, "the cost of the password is outside its bounds")         \
	X(CARD, -30, "the card is not valid")                                 \
	X(NAME, -31, "a name is not valid")                                   \
	X(OPEN, -32, "a ciphertext does not open")                            \
	X(SIGNATURE, -33, "a signature does not verify")                      \
	X(EPOCH, -34, "an epoch is not the one expected")                     \
	X(COMMIT, -35, "an epoch's commit does not match")                    \
	X(MEMBER, -36, "a member is not the one expected")                    \
	X(ROOM, -37, "a room is not the one expected")                        \
	X(TEXT, -38, "a text is not valid UTF-8 or not of a permitted size")  \
	X(TIMEOUT, -39, "the peer was silent too long")                       \
	X(SLOW, -40, "the peer reads too slowly")                             \
	X(REFUSED, -41, "the peer refused")                                   \
	X(LOST, -42, "the connection was lost")                               \
	X(ROSTER, -43, "the list of members is not the one of the epoch")     \
	X(WEAK, -44,                                                          \
	    "it has no post-quantum key exchange, which --require-pq demands")    \
	X(LOG, -45, "the log of a room is not the one that it was")           \
	X(CHANNEL, -46, "its TLS connection is not ours")                     \
	X(CHANNEL_NONE, -47, "it is reached without TLS")                     \
	X(CHANNEL_TLS, -48, "it is reached through TLS that is not ours")         \
	X(UNSEALED, -49, "a sealed room is offered without its seal")            \
	X(SEAL_BACK, -50, "the seal of a room was set back to an older one")      \
	X(SEAL, -51, "the room has another secret")

enum err {
#define X(name, code, text) ERR_##name = code,
	ERR_LIST(X)
#undef X
};

/* True for errors that only a peer can cause. */
static inline bool err_is_peer(int e) { return e <= ERR_TRUNC; }

/* The sentence for a code, such as "the MAC of a record does not match".
 * Never NULL. */
const char *err_str(int e);

#endif
