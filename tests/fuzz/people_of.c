/* people_of.c - made-up identities, cards and messages. */
#include "shared/crypto/keys.h"
#include "tests/fuzz/people_of.h"

const uint8_t people_agree[WIRE_X25519] = {9};
const uint8_t people_instance[WIRE_INSTANCE] = {1};

const uint8_t people_wrap[PEOPLE_SPKI] = {
    /* SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { */
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
    0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
    0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00,
    /* an odd modulus of 256 bytes, e = 65537 */
    [33] = 0xc1, [34 ... 287] = 0x5a, [288] = 0x01, 0x02, 0x03, 0x01, 0x00,
    0x01};

const struct identity *people_identity(unsigned no)
{
	static struct identity *all[PEOPLE];
	uint8_t seed[32] = {1};

	no %= PEOPLE;
	seed[1] = (uint8_t)no;
	if (all[no] == NULL)
		all[no] = identity_from_seed(seed);
	FUZZ_CHECK(all[no] != NULL);
	return all[no];
}

int people_card(struct buf *out, unsigned no, const char *name,
    const char *room, const uint8_t session[WIRE_NONCE],
    const uint8_t binding[WIRE_HASH])
{
	uint8_t spki[WIRE_ED25519_SPKI];
	struct json_w w;

	ed25519_spki(spki, identity_public(people_identity(no)));
	json_begin(&w, out);
	json_put_int(&w, "v", 1);
	json_put_str(&w, "name", name);
	json_put_str(&w, "room", room);
	json_put_b64(&w, "identity", spki, sizeof(spki));
	json_put_b64(&w, "wrap", people_wrap, sizeof(people_wrap));
	json_put_b64(&w, "agree", people_agree, sizeof(people_agree));
	json_put_b64(&w, "instance", people_instance, WIRE_INSTANCE);
	json_put_b64(&w, "session", session, WIRE_NONCE);
	json_put_b64(&w, "binding", binding, WIRE_HASH);
	return json_end(&w);
}

void people_message(struct buf *out, const void *json, size_t n)
{
	FUZZ_CHECK(
	    buf_u32(out, (uint32_t)n) == 0 && buf_put(out, json, n) == 0);
}
