/* wire.h - every number and word of conclave/1 on the wire. Change it only
 * together with PROTOCOL.md. */
#ifndef SHARED_WIRE_H
#define SHARED_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_PROTOCOL "conclave/1"
#define WIRE_PORT     "2528"
#define WIRE_TLS_PORT "2529"

/* Sizes, in bytes. */
enum {
	WIRE_HASH = 32,		/* SHA-256; fingerprints, commits, th(n) */
	WIRE_KEY = 32,		/* AES-256, HMAC, epoch secrets, seal */
	WIRE_IV = 12,
	WIRE_KEY_IV = WIRE_KEY + WIRE_IV, /* the output of Expand(.., 44) */
	WIRE_TAG = 16,		/* AES-GCM */
	WIRE_NONCE = 32,	/* hello, challenge, session, salt */
	WIRE_CHANNEL = 32,	/* TLS: the exporter of RFC 9266, and its hash */
	WIRE_SHARE = 65,	/* SPAKE2+: an uncompressed P-256 point */
	WIRE_CONFIRM = 32,
	WIRE_ED25519 = 32,
	WIRE_ED25519_SPKI = 44,
	WIRE_SIGNATURE = 64,
	WIRE_X25519 = 32,
	WIRE_MLKEM_PUBLIC = 1184, /* ML-KEM-768: the key in hello, */
	WIRE_MLKEM_SEALED = 1088, /* the ciphertext in confirm, */
	WIRE_MLKEM_SECRET = 32, /* what it carries, */
	WIRE_MLKEM_SEED = 64,	/* what makes a key pair, */
	WIRE_MLKEM_M = 32,	/* what makes a ciphertext */
	WIRE_RSA_SPKI_MAX = 550, /* RSA-4096 */
	WIRE_RSA_MAX = 512,	/* bytes of a modulus of 4096 bits */
	WIRE_ID = 16,		/* of a message */
	WIRE_LOG = 32,		/* names a room's log */
	WIRE_MARK = 52,		/* stands for an entry of the log */
	WIRE_VIEW_LOG = 8,	/* of the log's name, in a view */
	WIRE_VIEW = 8 + WIRE_HASH + WIRE_VIEW_LOG, /* in a content */
	WIRE_TICKET = 104,	/* opaque to clients */
	WIRE_CERTIFICATE_MAX = 4096, /* DER, in a card */
	WIRE_SCALAR = 32,	/* SPAKE2+: w0 */
	WIRE_INSTANCE = 16,	/* of a client's start, in its card */
	WIRE_INVITE_ID = 8,	/* characters of a-z2-7 */
	WIRE_INVITE_SECRET = 22, /* characters of base64url: 16 bytes */
	WIRE_INVITE_USES = 1000,
	WIRE_DEVICES = 32,	/* of an account */

	WIRE_LENGTH = 4,	/* the u32 before handshake messages, records */
	WIRE_HANDSHAKE_MAX = 16 << 10,
	WIRE_RECORD_HEAD = 12,	/* u32 length || u64 seq */
	WIRE_RECORD_MAC = 16,
	WIRE_RECORD_MAX = 256 << 10, /* largest value of `length` */
	WIRE_FRAME_HEAD = 5,	/* u32 length || u8 kind */
	WIRE_JSON_MAX = 64 << 10, /* control frames and content */
	WIRE_JSON_DEPTH = 6,
	/* Control frames and contents are filled up to the least size, a
	 * multiple of the small step up to the large one, or of that. */
	WIRE_PAD_MIN = 64,
	WIRE_PAD_SMALL = 128,
	WIRE_PAD_LARGE = 512,
	WIRE_OFFSET = 8,	/* a group frame's; its digest begins behind it */
	WIRE_GROUP_HEAD = 28,	/* offset, room, epoch, sender, seq */
	WIRE_GROUP_AAD = 20,	/* room, epoch, sender, seq */
	WIRE_TEXT_MAX = 16 << 10,
	WIRE_REACTION_MAX = 32,
	WIRE_NAME_MAX = 24,
	WIRE_ROOM_MAX = 32,
	WIRE_CODE_MAX = 32,
	WIRE_SHORT_TEXT_MAX = 512, /* topics, and texts next to a code */
	WIRE_PASSWORD_MAX = 1024,
	WIRE_PAGE = 100,	/* users in a list page or a notice */
	WIRE_ROOM_PAGE = 32,	/* rooms in a list page */
	WIRE_ROOMS = 64,	/* rooms of a connection */
	WIRE_REQUESTS = 64,	/* open requests of a connection */
	WIRE_CHAIN_KEPT = 4096,	/* chain values that a client keeps of a room */
	WIRE_VIEWS_AHEAD = 256,	/* views of entries that it has not yet */
	WIRE_IDS_KEPT = 4096,	/* message ids remembered per identity */
	WIRE_HISTORY_MAX = 500,	/* entries of a batch of history */
	WIRE_HISTORY_RUNS = 32,	/* runs of the server in one */
	WIRE_HISTORY_EPOCHS = 200, /* epochs in one */
	WIRE_HISTORY_BYTES = 1 << 20, /* of the frames of one */
	WIRE_BLOB = 16,		/* names a blob */
	WIRE_BLOB_HEAD = WIRE_BLOB + 4, /* of a piece's frame */
	WIRE_BLOB_STEP = 4 << 10, /* blobs are multiples of it */
	WIRE_BLOB_HAVE = 8,	/* pieces from one blob_have to the next */
	WIRE_BLOB_AHEAD = 32,	/* pieces that a sender may be ahead of those */
	WIRE_BLOB_GET = 64,	/* pieces of one blob_get */
	WIRE_BLOB_GETS = 4,	/* of them open on a connection */
	WIRE_PIECE_IV = WIRE_IV,
	WIRE_PIECE_SEALED = 64 << 10, /* all but the last of a blob: */
	WIRE_PIECE = WIRE_PIECE_SEALED - WIRE_PIECE_IV - WIRE_TAG,
	WIRE_FILE_NAME_MAX = 255,
	WIRE_DIRECT_HEAD = 136, /* number, to, from, prekey, e */
	WIRE_DIRECT_MAX = WIRE_DIRECT_HEAD + 64 + WIRE_JSON_MAX + 16,
	WIRE_PREKEYS = 50,	/* used once, in a request */
	WIRE_PREKEYS_KEPT = 100, /* used once, of a device */
	WIRE_PREKEYS_LOW = 20,	/* fewer: the device is told */
	WIRE_PREKEYS_PAGE = 8,	/* devices in an answer to prekeys_get */
	WIRE_BLOCKS = 100,	/* accounts that one account blocks */
	WIRE_DELIVERED = 64,	/* ids in a content `delivered` */
};

/* The largest blob, in bytes. */
#define WIRE_BLOB_MAX	   (UINT64_C(1) << 40)

/* scrypt costs that a client accepts in a challenge. */
#define WIRE_SCRYPT_N_MIN  (UINT64_C(1) << 14)
#define WIRE_SCRYPT_N_MAX  (UINT64_C(1) << 20)
#define WIRE_SCRYPT_R_MAX  32u
#define WIRE_SCRYPT_P_MAX  16u
#define WIRE_SCRYPT_MEM    (UINT64_C(1) << 28) /* 128 n r, in bytes */
#define WIRE_SCRYPT_WORK   (UINT64_C(1) << 22) /* n r p */
#define WIRE_SCRYPT_N      (UINT64_C(1) << 17) /* our server's default */
/* With r = 8, p = 1: of passwords of one's own, and of the secrets of invites. */
#define WIRE_SCRYPT_N_OWN    (UINT64_C(1) << 16)
#define WIRE_SCRYPT_N_INVITE (UINT64_C(1) << 14)

/* The largest number of a request. */
#define WIRE_REQ_MAX	   (UINT32_C(1) << 31)

/* Times, in milliseconds. */
#define WIRE_HELLO_MS      3000u	/* the client's first message */
#define WIRE_SHARE_MS      10000u	/* the second, from the connection on */
#define WIRE_HANDSHAKE_MS  15000u	/* the last */
#define WIRE_PING_MS       30000u
#define WIRE_SILENCE_MS    90000u
#define WIRE_EPOCH_MS      1000u	/* between two epochs of one sort */
#define WIRE_REKEY_MS      3600000u
/* Of a lasting prekey, in seconds: the age at which it is renewed, the greatest at
 * which one seals for it, and how long its private half is kept. */
#define WIRE_PREKEY_RENEW_S (UINT64_C(7) * 86400)
#define WIRE_PREKEY_OLD_S   (UINT64_C(42) * 86400)
#define WIRE_PREKEY_KEEP_S  (UINT64_C(35) * 86400) /* from its renewal on */
/* The server keeps a direct frame so long. */
#define WIRE_DIRECT_KEEP_S  (UINT64_C(30) * 86400)
#define WIRE_REKEY_FRAMES  (UINT64_C(1) << 31)

/* kind, code, smallest and largest body in bytes. */
#define WIRE_KINDS(X)                                                         \
	X(CONTROL, 1, 16 + 2, WIRE_JSON_MAX + 16)                             \
	X(GROUP, 2, WIRE_GROUP_HEAD + 64 + 16,                                \
	    WIRE_GROUP_HEAD + 64 + WIRE_JSON_MAX + 16)                        \
	X(DIRECT, 3, WIRE_DIRECT_HEAD + 64 + 16 + 16,                         \
	    WIRE_DIRECT_MAX + 16)                                             \
	X(BLOB, 4, WIRE_BLOB_HEAD + WIRE_PIECE_IV + 1 + WIRE_TAG,             \
	    WIRE_BLOB_HEAD + WIRE_PIECE_SEALED)                               \
	X(MARK, 5, WIRE_MARK, WIRE_MARK)                                      \
	X(HISTORY, 6, 2 + WIRE_MARK,                                          \
	    2 + WIRE_GROUP_HEAD + 64 + WIRE_JSON_MAX + 16)

enum wire_kind {
#define X(name, code, min, max) KIND_##name = code,
	WIRE_KINDS(X)
#undef X
};

/* Codes of bye and error frames: the word on the wire, the sentence shown to
 * the user, and whether the client may reconnect by itself. */
#define WIRE_CODES(X)                                                         \
	X(BAD_PASSWORD, "bad_password", "the password is wrong", 0)           \
	X(BAD_CARD, "bad_card", "the server did not accept our keys", 0)      \
	X(BAD_CERTIFICATE, "bad_certificate",                                 \
	    "the server lets in only people with a valid certificate", 0)     \
	X(BAD_NAME, "bad_name", "the server does not allow this name", 0)     \
	X(NAME_TAKEN, "name_taken",                                           \
	    "this name belongs to somebody else", 0)                          \
	X(FULL, "full", "the server is full", 0)                              \
	X(BANNED, "banned", "the server has banned this identity", 0)         \
	X(NO_ROOM, "no_room", "the server has no such room", 0)               \
	X(NO_ACCOUNT, "no_account",                                           \
	    "the server lets in only people that it knows", 0)                \
	X(WEAK, "weak",                                                       \
	    "the server requires a post-quantum key exchange: use a client "  \
	    "with OpenSSL 3.5 or newer", 0)                                   \
	X(NO_MEMBER, "no_member", "that member is gone", 1)                   \
	X(TRY_LATER, "try_later", "the server asks to wait", 1)               \
	X(TIMEOUT, "timeout", "the handshake took too long", 1)               \
	X(PROTOCOL, "protocol", "the other side broke the protocol", 0)       \
	X(SLOW, "slow", "this client read too slowly", 1)                     \
	X(KICKED, "kicked", "you were removed from the room", 0)              \
	X(REPLACED, "replaced", "you joined from somewhere else", 0)          \
	X(SHUTDOWN, "shutdown", "the server is shutting down", 1)             \
	X(QUIT, "quit", "left", 0)                                            \
	X(DENIED, "denied", "your role does not allow this", 1)               \
	X(UNKNOWN_REQUEST, "unknown", "the server does not know this", 1)     \
	X(UNAVAILABLE, "unavailable", "this server cannot do this yet", 1)    \
	X(BAD_VALUE, "bad_value", "a value is not valid", 1)                  \
	X(NOT_INVITED, "not_invited", "this room is for who is invited", 1)   \
	X(IN_ROOM, "in_room", "you are in this room already", 1)              \
	X(NO_BLOB, "no_blob", "the server does not have this file", 1)        \
	X(QUOTA, "quota", "the server keeps no more of this", 1)              \
	X(CLOSED, "closed", "the room no longer exists", 1)                   \
	X(WRONG_SEAL, "wrong_seal",                                           \
	    "the room is sealed, and you do not have its secret: ask for its "   \
	    "invite", 0)                                                      \
	X(BLOCKED, "blocked", "this person takes no messages from you", 1)

enum wire_code {
	CODE_NONE,
#define X(name, word, text, again) CODE_##name,
	WIRE_CODES(X)
#undef X
	CODE_UNKNOWN, /* a word that this version does not know */
};

/* The word for a code ("" for CODE_NONE and CODE_UNKNOWN), its sentence, the
 * code for a word, and whether a client may reconnect after it. */
/*@ requires c <= CODE_UNKNOWN;
    assigns \nothing; */
const char *wire_code_word(enum wire_code c);
/*@ requires c <= CODE_UNKNOWN;
    assigns \nothing; */
const char *wire_code_str(enum wire_code c);
enum wire_code wire_code_of(const char *word);
/*@ requires c <= CODE_UNKNOWN;
    assigns \nothing; */
int wire_code_again(enum wire_code c);

/* The size to which n bytes of JSON are filled up: the next of 64, 128, 256,
 * 384, 512, then of the multiples of 512. n must be at most WIRE_RECORD_MAX. */
/*@ requires n <= WIRE_RECORD_MAX;
    assigns \nothing;
    ensures n <= \result; */
size_t wire_padded(size_t n);

/* Labels. Each is hashed or expanded with its terminating zero byte: pass
 * sizeof(LABEL), never strlen. */
#define LABEL_CHANNEL      "conclave/1 channel"
#define LABEL_SERVER_PROOF "conclave/1 server proof"
#define LABEL_CARD         "conclave/1 card"
#define LABEL_CARD_KEY     "conclave/1 card key"
#define LABEL_C2S_SEAL     "conclave/1 c2s seal"
#define LABEL_S2C_SEAL     "conclave/1 s2c seal"
#define LABEL_C2S_MAC      "conclave/1 c2s mac"
#define LABEL_S2C_MAC      "conclave/1 s2c mac"
#define LABEL_NEXT         "conclave/1 next"
#define LABEL_SENDER       "conclave/1 sender"
#define LABEL_MESSAGE      "conclave/1 message"
#define LABEL_COMMIT       "conclave/1 commit"
#define LABEL_GROUP_KEY    "conclave/1 group key"
#define LABEL_JOIN         "conclave/1 join"
#define LABEL_LOG          "conclave/1 log"
#define LABEL_RECEIPT      "conclave/1 receipt"
/* Of the pieces of files. */
#define LABEL_PIECE        "conclave/1 piece"
/* Between the members of a sealed room. */
#define LABEL_SEAL         "conclave/1 seal"
#define LABEL_SEAL_CHECK   "conclave/1 seal check"
/* Of direct frames: the salt of their keys, and their signatures. */
#define LABEL_DIRECT       "conclave/1 direct"
#define LABEL_PREKEY       "conclave/1 prekey"
/* Only the server reads what it covers. */
#define LABEL_TICKET       "conclave/1 ticket"
/* Between two users' clients; the server never sees it. */
#define LABEL_SAFETY       "conclave/1 safety code"
/* Between a user and the server's owner; nothing of it is sent. */
#define LABEL_SERVER_CODE  "conclave/1 server code"

#endif
