/* One valid object of each type of control frame and of content. What they
 * contain is in samples_parts.c. */
#include "tests/unit/check.h"
#include "tests/unit/samples.h"

static int good_wrapped(struct buf *b)
{
	struct key_exchange k;

	sample_wrapped(&k);
	return control_key_exchange(b, &k);
}

static int good_fresh(struct buf *b)
{
	struct key_exchange k;

	sample_fresh(&k);
	return control_key_exchange(b, &k);
}

static int good_list(struct buf *b)
{
	struct user_list l = {.room = 7, .total = 3, .seq = 12, .n_users = 2};

	memset(l.roster, 0x3c, sizeof(l.roster));
	sample_user(&l.users[0], 2, "alice");
	sample_user(&l.users[1], 5, "bob");
	return control_user_list(b, &l);
}

static int good_list_ask(struct buf *b)
{
	return control_user_list_ask(b, 7, 102);
}

static int good_ack(struct buf *b)
{
	return control_ack(b, 7, 44, 1001);
}

static int good_identity(struct buf *b)
{
	uint8_t card[700], sig[WIRE_SIGNATURE];

	memset(card, 0xca, sizeof(card));
	memset(sig, 0x51, sizeof(sig));
	return control_identity(b, 5, card, sizeof(card), sig);
}

static int good_identity_ask(struct buf *b)
{
	return control_identity_ask(b, 5);
}

static int good_error(struct buf *b)
{
	return control_error(b, CODE_NO_MEMBER, "gone", 5);
}

static int good_bye(struct buf *b)
{
	return control_bye(b, CODE_QUIT, "so long");
}

static int good_ping(struct buf *b)
{
	return control_ping(b, false, -3);
}

static int good_pong(struct buf *b)
{
	return control_ping(b, true, 3);
}

static int good_said(
    struct buf *b, enum content_type type, const char *text, bool action)
{
	struct content_said s = {.has_about = true,
	    .text = text,
	    .text_len = strlen(text),
	    .action = action};

	memcpy(s.id, sample_id, WIRE_ID);
	memcpy(s.about, sample_about, WIRE_ID);
	return content_said(b, type, &s, 1700000000123);
}

static int good_message(struct buf *b)
{
	return good_said(b, CONTENT_MESSAGE, "hi \xf0\x9f\x98\x80", true);
}

static int good_edit(struct buf *b)
{
	return good_said(b, CONTENT_EDIT, "hi there", false);
}

static int good_delete(struct buf *b)
{
	return good_said(b, CONTENT_DELETE, "", false);
}

static int good_react(struct buf *b)
{
	return good_said(b, CONTENT_REACT, "\xf0\x9f\x91\x8d", false);
}

static int good_notice(struct buf *b)
{
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	struct user users[2];

	memset(commit, 0xc2, sizeof(commit));
	memset(roster, 0x3c, sizeof(roster));
	sample_user(&users[0], 2, "alice");
	sample_user(&users[1], 5, "bob");
	return notice_encode(b, &(struct notice_of){.event = NOTICE_JOIN,
				    .epoch = 8,
				    .commit = commit,
				    .roster = roster,
				    .users = users,
				    .n_users = 2,
				    .ts = 1700000000123});
}

/* --- requests, answers, notices of rooms ---------------------------------- */

static int good_request(struct buf *b, enum sample_no id)
{
	struct request q;

	sample_request(&q, id);
	return request_encode(b, &q);
}

static int good_ask_list(struct buf *b)
{
	return good_request(b, ASK_LIST);
}

static int good_ask_new(struct buf *b)
{
	return good_request(b, ASK_NEW);
}

static int good_ask_set(struct buf *b)
{
	return good_request(b, ASK_SET);
}

static int good_ask_join(struct buf *b)
{
	return good_request(b, ASK_JOIN);
}

static int good_ask_leave(struct buf *b)
{
	return good_request(b, ASK_LEAVE);
}

static int good_ask_act(struct buf *b)
{
	return good_request(b, ASK_ACT);
}

static int good_ask_history(struct buf *b)
{
	return good_request(b, ASK_HISTORY);
}

static int good_ask_earlier(struct buf *b)
{
	return good_request(b, ASK_EARLIER);
}

static int good_ask_purge(struct buf *b)
{
	return good_request(b, ASK_PURGE);
}

static int good_ask_receipt(struct buf *b)
{
	return good_request(b, ASK_RECEIPT);
}

static int good_ask_password(struct buf *b)
{
	return good_request(b, ASK_PASSWORD);
}

static int good_ask_no_password(struct buf *b)
{
	return good_request(b, ASK_NO_PASSWORD);
}

static int good_ask_devices(struct buf *b)
{
	return good_request(b, ASK_DEVICES);
}

static int good_ask_forget(struct buf *b)
{
	return good_request(b, ASK_FORGET);
}

static int good_ask_invite(struct buf *b)
{
	return good_request(b, ASK_INVITE);
}

static int good_ask_invites(struct buf *b)
{
	return good_request(b, ASK_INVITES);
}

static int good_ask_revoke(struct buf *b)
{
	return good_request(b, ASK_REVOKE);
}

static int good_done(struct buf *b)
{
	return answer_done(b, 17, 4);
}

static int good_done_rooms(struct buf *b)
{
	struct answer *a = malloc(sizeof(*a));
	int r;

	assert_non_null(a);
	sample_answer(a, DONE_ROOMS);
	r = answer_rooms(b, a->number, a->rooms, a->n_rooms, a->total);
	free(a);
	return r;
}

static int good_done_devices(struct buf *b)
{
	struct answer *a = malloc(sizeof(*a));
	int r;

	assert_non_null(a);
	sample_answer(a, DONE_DEVICES);
	r = answer_devices(b, a->number, a->devices, a->n_devices);
	free(a);
	return r;
}

static int good_done_invites(struct buf *b)
{
	struct answer *a = malloc(sizeof(*a));
	int r;

	assert_non_null(a);
	sample_answer(a, DONE_INVITES);
	r = answer_invites(b, a->number, a->invites, a->n_invites, a->total);
	free(a);
	return r;
}

static int good_done_invite(struct buf *b)
{
	return answer_invite(b, 17, "abcdwx27", "AbCdEfGhIjKlMnOpQr-_9w");
}

static int good_failed(struct buf *b)
{
	return answer_failed(b, 17, CODE_DENIED, "only operators");
}

static int good_entry_list(struct buf *b)
{
	struct user_list *l = calloc(1, sizeof(*l));
	int r;

	assert_non_null(l);
	l->room = 7;
	l->total = l->n_users = 1;
	l->seq = 12;
	sample_user(&l->users[0], 2, "alice");
	l->users[0].role = ROLE_OPERATOR;
	l->users[0].mute = true;
	l->has_entry = true;
	sample_entry(&l->entry);
	r = control_user_list(b, l);
	free(l);
	return r;
}

static int good_notice_more(
    struct buf *b, enum notice_event event, enum sample_no id)
{
	uint8_t commit[WIRE_HASH] = {0xc2}, roster[WIRE_HASH] = {0x3c};
	struct notice_more more;

	sample_more(&more, id);
	return notice_encode(b, &(struct notice_of){.event = event,
				    .epoch = 8,
				    .commit = commit,
				    .roster = roster,
				    .more = &more,
				    .ts = 1700000000123});
}

static int good_notice_act(struct buf *b)
{
	return good_notice_more(b, NOTICE_ACT, NOTICE_OF_ACT);
}

static int good_notice_room(struct buf *b)
{
	return good_notice_more(b, NOTICE_ROOM, NOTICE_OF_ROOM);
}

static int good_notice_purge(struct buf *b)
{
	return good_notice_more(b, NOTICE_PURGE, NOTICE_OF_PURGE);
}

static int good_notice_checkpoint(struct buf *b)
{
	return good_notice_more(b, NOTICE_CHECKPOINT, NOTICE_OF_CHECKPOINT);
}

static int good_notice_device(struct buf *b)
{
	return good_notice_more(b, NOTICE_DEVICE, NOTICE_OF_DEVICE);
}

static int good_welcome(struct buf *b)
{
	struct welcome w;

	sample_welcome(&w);
	return welcome_encode(b, &w);
}

static int good_left(struct buf *b)
{
	struct room_left l;

	sample_left(&l);
	return room_left_encode(b, &l);
}

static int good_voice(struct buf *b)
{
	struct voice v;

	sample_voice(&v);
	return voice_encode(b, &v);
}

static int good_storage(struct buf *b)
{
	return storage_encode(b, &(struct storage){4, false});
}

static int good_device(struct buf *b)
{
	return device_encode(b, &(struct device){.identity = {0x1d, 2}, .first_s = 1767225600});
}

static int good_batch(struct buf *b)
{
	struct log_batch h;
	int r;

	sample_batch(&h);
	r = log_batch_encode(b, &h);
	log_batch_free(&h);
	return r;
}

static int good_ask_prekeys(struct buf *b)
{
	return sample_direct(b, ASK_PREKEYS);
}

static int good_ask_mine(struct buf *b)
{
	return sample_direct(b, ASK_MINE);
}

static int good_ask_get(struct buf *b)
{
	return sample_direct(b, ASK_GET);
}

static int good_ask_block(struct buf *b)
{
	return sample_direct(b, ASK_BLOCK);
}

static int good_ask_blocks(struct buf *b)
{
	return sample_direct(b, ASK_BLOCKS);
}

static int good_done_prekeys(struct buf *b)
{
	return sample_direct(b, DONE_PREKEYS);
}

static int good_done_mine(struct buf *b)
{
	return sample_direct(b, DONE_MINE);
}

static int good_done_blocks(struct buf *b)
{
	return sample_direct(b, DONE_BLOCKS);
}

static int good_direct_from(struct buf *b)
{
	return sample_direct(b, DIRECT_FROM);
}

static int good_direct_ack(struct buf *b)
{
	return sample_direct(b, DIRECT_ACK);
}

static int good_prekeys_low(struct buf *b)
{
	return sample_direct(b, PREKEYS_LOW);
}

static int good_delivered(struct buf *b)
{
	return sample_direct(b, DELIVERED);
}

static int good_handed_over(struct buf *b)
{
	return sample_direct(b, HANDED_OVER);
}

static int good_topic(struct buf *b)
{
	return sample_direct(b, SEALED_TOPIC);
}

const struct sample samples[N_SAMPLES] = {
    [WRAPPED] = {"key_exchange (wrapped)", BY_SERVER, false, good_wrapped},
    [FRESH] = {"key_exchange (fresh)", BY_SERVER, false, good_fresh},
    [LIST] = {"user_list", BY_SERVER, false, good_list},
    [LIST_ASK] = {"user_list (asked)", BY_CLIENT, false, good_list_ask},
    [ACK] = {"ack", BY_SERVER, false, good_ack},
    [IDENTITY] = {"identity", BY_SERVER, false, good_identity},
    [IDENTITY_ASK] = {"identity (asked)", BY_CLIENT, false, good_identity_ask},
    [ERROR] = {"error", BY_SERVER, false, good_error},
    [BYE] = {"bye", BY_SERVER, true, good_bye},
    [PING] = {"ping", BY_SERVER, true, good_ping},
    [PONG] = {"pong", BY_SERVER, true, good_pong},
    [MESSAGE] = {"message", BY_MEMBER, false, good_message},
    [EDIT] = {"edit", BY_MEMBER, false, good_edit},
    [DELETE] = {"delete", BY_MEMBER, false, good_delete},
    [REACT] = {"react", BY_MEMBER, false, good_react},
    [NOTICE] = {"notice", BY_NOTICE, false, good_notice},
    [NOTICE_OF_ACT] = {"notice (act)", BY_NOTICE, false, good_notice_act},
    [NOTICE_OF_ROOM] = {"notice (room)", BY_NOTICE, false, good_notice_room},
    [NOTICE_OF_PURGE] = {"notice (purge)", BY_NOTICE, false, good_notice_purge},
    [NOTICE_OF_CHECKPOINT] = {"notice (checkpoint)", BY_NOTICE, false,
	good_notice_checkpoint},
    [NOTICE_OF_DEVICE] = {"notice (device)", BY_NOTICE, false,
	good_notice_device},
    [ENTRY_LIST] = {"user_list (entry)", BY_SERVER, false, good_entry_list},
    [ASK_LIST] = {"room_list", BY_CLIENT, false, good_ask_list},
    [ASK_NEW] = {"room_new", BY_CLIENT, false, good_ask_new},
    [ASK_SET] = {"room_set", BY_CLIENT, false, good_ask_set},
    [ASK_JOIN] = {"room_join", BY_CLIENT, false, good_ask_join},
    [ASK_LEAVE] = {"room_leave", BY_CLIENT, false, good_ask_leave},
    [ASK_ACT] = {"act", BY_CLIENT, false, good_ask_act},
    [ASK_HISTORY] = {"history (after)", BY_CLIENT, false, good_ask_history},
    [ASK_EARLIER] = {"history (before)", BY_CLIENT, false, good_ask_earlier},
    [ASK_PURGE] = {"purge", BY_CLIENT, false, good_ask_purge},
    [ASK_RECEIPT] = {"receipt", BY_CLIENT, false, good_ask_receipt},
    [ASK_PASSWORD] = {"account_password", BY_CLIENT, false, good_ask_password},
    [ASK_NO_PASSWORD] = {"account_password (none)", BY_CLIENT, false,
	good_ask_no_password},
    [ASK_DEVICES] = {"account_devices", BY_CLIENT, false, good_ask_devices},
    [ASK_FORGET] = {"account_forget", BY_CLIENT, false, good_ask_forget},
    [ASK_INVITE] = {"invite_new", BY_CLIENT, false, good_ask_invite},
    [ASK_INVITES] = {"invite_list", BY_CLIENT, false, good_ask_invites},
    [ASK_REVOKE] = {"invite_revoke", BY_CLIENT, false, good_ask_revoke},
    [DONE] = {"done", BY_SERVER, false, good_done},
    [DONE_ROOMS] = {"done (rooms)", BY_SERVER, false, good_done_rooms},
    [DONE_DEVICES] = {"done (devices)", BY_SERVER, false, good_done_devices},
    [DONE_INVITES] = {"done (invites)", BY_SERVER, false, good_done_invites},
    [DONE_INVITE] = {"done (invite)", BY_SERVER, false, good_done_invite},
    [FAILED] = {"failed", BY_SERVER, false, good_failed},
    [WELCOME] = {"welcome", BY_SERVER, false, good_welcome},
    [ROOM_LEFT] = {"room_left", BY_SERVER, false, good_left},
    [VOICE] = {"voice", BY_SERVER, false, good_voice},
    [STORAGE] = {"storage", BY_SERVER, false, good_storage},
    [DEVICE] = {"device", BY_SERVER, false, good_device},
    [HISTORY] = {"history", BY_SERVER, false, good_batch},
    [ASK_PREKEYS] = {"prekeys", BY_CLIENT, false, good_ask_prekeys},
    [ASK_MINE] = {"prekeys_mine", BY_CLIENT, false, good_ask_mine},
    [ASK_GET] = {"prekeys_get", BY_CLIENT, false, good_ask_get},
    [ASK_BLOCK] = {"block", BY_CLIENT, false, good_ask_block},
    [ASK_BLOCKS] = {"blocks", BY_CLIENT, false, good_ask_blocks},
    [DONE_PREKEYS] = {"done (prekeys)", BY_SERVER, false, good_done_prekeys},
    [DONE_MINE] = {"done (prekeys_mine)", BY_SERVER, false, good_done_mine},
    [DONE_BLOCKS] = {"done (blocks)", BY_SERVER, false, good_done_blocks},
    [DIRECT_FROM] = {"direct_from", BY_SERVER, false, good_direct_from},
    [DIRECT_ACK] = {"direct_ack", BY_CLIENT, false, good_direct_ack},
    [PREKEYS_LOW] = {"prekeys_low", BY_SERVER, false, good_prekeys_low},
    [DELIVERED] = {"delivered", BY_MEMBER, false, good_delivered},
    [HANDED_OVER] = {"seal", BY_MEMBER, false, good_handed_over},
    [SEALED_TOPIC] = {"topic", BY_MEMBER, false, good_topic},
};

int sample_verdict(enum by by, const void *json, size_t n)
{
	void *copy = malloc(n + 1); /* exact size, for the sanitizers */
	struct control *c = malloc(sizeof(*c));
	struct content *t = malloc(sizeof(*t));
	int r;

	assert_non_null(copy);
	assert_non_null(c);
	assert_non_null(t);
	memcpy(copy, json, n);
	if (by == BY_CLIENT || by == BY_SERVER) {
		r = control_decode(
		    c, by == BY_CLIENT ? FROM_CLIENT : FROM_SERVER, copy, n);
		if (r != 0)
			assert_int_equal(c->type, CONTROL_UNKNOWN);
		control_wipe(c);
	} else {
		r = content_decode(t, by == BY_NOTICE, copy, n);
		if (r != 0)
			assert_null(t->json);
		content_free(t);
	}
	free(t);
	free(c);
	free(copy);
	return r;
}
