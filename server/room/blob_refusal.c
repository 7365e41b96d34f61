/* blob_refusal.c - codes of the store as codes and sentences of the protocol. */
#include "server/room/blob_refusal.h"

static const struct {
	enum wire_code code;
	const char *text;
} refusals[BLOB_CODES] = {
    [BLOB_OK] = {CODE_NONE, ""},
    [BLOB_NONE] = {CODE_NO_BLOB, ""},
    [BLOB_QUOTA] = {CODE_QUOTA,
	"the server keeps no more files, or none of this size, for you"},
    [BLOB_FULL] = {CODE_QUOTA, "the server's disk is full"},
    [BLOB_DENIED] = {CODE_DENIED, "this file is somebody else's"},
    [BLOB_BAD] = {CODE_BAD_VALUE, ""},
    [BLOB_FAILED] = {CODE_UNAVAILABLE,
	"the server cannot keep or read files at present"},
};

enum wire_code blob_refusal(uint8_t code)
{
	return refusals[code < BLOB_CODES ? code : BLOB_FAILED].code;
}

const char *blob_refusal_text(uint8_t code)
{
	return refusals[code < BLOB_CODES ? code : BLOB_FAILED].text;
}
