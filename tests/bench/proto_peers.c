/* proto_peers.c - the floor's frames, and the protocols of comparable
 * servers. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/load.h"

static int put_message(struct conn *c, uint32_t seq, size_t bytes)
{
	char stamp[LOAD_STAMP];
	int r;

	load_stamp(stamp, c->id, seq);
	if ((r = buf_put(&c->out, stamp, LOAD_STAMP)) != 0)
		return r;
	return buf_put(&c->out, c->load->text, bytes - LOAD_STAMP);
}

/* --- plain: u32 length || bytes, to floor.c ------------------------------ */

static int plain_start(struct conn *c)
{
	load_in(c);
	return 0;
}

static int plain_say(struct conn *c, uint32_t seq, size_t bytes)
{
	int r = buf_u32(&c->out, (uint32_t)bytes);

	return r != 0 ? r : put_message(c, seq, bytes);
}

static int plain_input(struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	size_t len;

	while (n - *used >= 4) {
		len = get_u32(p + *used);
		if (n - *used - 4 < len)
			break;
		load_stamped(c, p + *used + 4, len);
		*used += 4 + len;
	}
	return 0;
}

const struct proto proto_plain = {
    .name = "plain",
    .start = plain_start,
    .input = plain_input,
    .say = plain_say,
};
const struct proto proto_plain_tls = {
    .name = "plain-tls",
    .tls = true,
    .start = plain_start,
    .input = plain_input,
    .say = plain_say,
};

/* --- redis: RESP2, PUBLISH and SUBSCRIBE --------------------------------- */

static int redis_start(struct conn *c)
{
	return buf_str(&c->out, c->sender
				    ? "*1\r\n$4\r\nPING\r\n"
				    : "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nr\r\n");
}

static int redis_say(struct conn *c, uint32_t seq, size_t bytes)
{
	char head[64];
	int r;

	snprintf(head, sizeof(head),
	    "*3\r\n$7\r\nPUBLISH\r\n$1\r\nr\r\n$%zu\r\n", bytes);
	if ((r = buf_str(&c->out, head)) != 0 ||
	    (r = put_message(c, seq, bytes)) != 0)
		return r;
	return buf_str(&c->out, "\r\n");
}

static int redis_sender(
    struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	const uint8_t *end;

	while ((end = memchr(p + *used, '\n', n - *used)) != NULL) {
		if (p[*used] == '-')
			return load_fail(c, "redis said no");
		load_in(c);
		*used = (size_t)(end + 1 - p);
	}
	return 0;
}

static int redis_input(struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	static const char sub[] = "*3\r\n$9\r\nsubscribe\r\n$1\r\nr\r\n:1\r\n";
	static const char msg[] = "*3\r\n$7\r\nmessage\r\n$1\r\nr\r\n$";
	size_t len, at;

	if (c->sender)
		return redis_sender(c, p, n, used);
	if (c->state != CONN_IN) {
		if (n < sizeof(sub) - 1)
			return 0;
		if (memcmp(p, sub, sizeof(sub) - 1) != 0)
			return load_fail(c, "redis said no");
		*used = sizeof(sub) - 1;
		load_in(c);
	}
	while (n - *used > sizeof(msg) + 8) {
		if (memcmp(p + *used, msg, sizeof(msg) - 1) != 0)
			return load_fail(c, "not a message");
		at = *used + sizeof(msg) - 1;
		for (len = 0; at < n && p[at] != '\r'; at++)
			len = 10 * len + (size_t)(p[at] - '0');
		if (n - at < len + 4)
			break;
		load_stamped(c, p + at + 2, len);
		*used = at + len + 4;
	}
	return 0;
}

const struct proto proto_redis = {
    .name = "redis",
    .tls = true,
    .outside = true,
    .start = redis_start,
    .input = redis_input,
    .say = redis_say,
};

/* --- IRC: PRIVMSG to one channel ----------------------------------------- */

static int irc_start(struct conn *c)
{
	char line[128];

	snprintf(line, sizeof(line), "NICK n%u\r\nUSER u 0 * :u\r\n",
	    c->load->o.first_id + c->id);
	return buf_str(&c->out, line);
}

static int irc_say(struct conn *c, uint32_t seq, size_t bytes)
{
	int r;

	if ((r = buf_str(&c->out, "PRIVMSG #r :")) != 0 ||
	    (r = put_message(c, seq, bytes)) != 0)
		return r;
	return buf_str(&c->out, "\r\n");
}

static int irc_word(struct conn *c, const char *word)
{
	if (memcmp(word, "376 ", 4) == 0 || memcmp(word, "422 ", 4) == 0)
		return buf_str(&c->out, "JOIN #r\r\n");
	if (memcmp(word, "366 ", 4) == 0)
		load_in(c);
	if (memcmp(word, "433 ", 4) == 0 || memcmp(word, "404 ", 4) == 0)
		return load_fail(c, "IRC said no");
	return 0;
}

static int irc_line(struct conn *c, const uint8_t *p, size_t n)
{
	static const char msg[] = "PRIVMSG #r :";
	const uint8_t *space;
	size_t left;
	int r;

	if (n > 5 && memcmp(p, "PING ", 5) == 0) {
		if ((r = buf_str(&c->out, "PONG ")) != 0 ||
		    (r = buf_put(&c->out, p + 5, n - 5)) != 0)
			return r;
		return buf_str(&c->out, "\r\n");
	}
	if (n > 5 && memcmp(p, "ERROR", 5) == 0) {
		fprintf(stderr, "load: %.*s\n", (int)n, (const char *)p);
		return 0;
	}
	if (n == 0 || p[0] != ':' || (space = memchr(p, ' ', n)) == NULL)
		return 0;
	left = n - (size_t)(++space - p);
	if (left > sizeof(msg) - 1 &&
	    memcmp(space, msg, sizeof(msg) - 1) == 0) {
		load_stamped(
		    c, space + sizeof(msg) - 1, left - (sizeof(msg) - 1));
		return 0;
	}
	return left > 4 ? irc_word(c, (const char *)space) : 0;
}

static int irc_input(struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	const uint8_t *end;
	size_t len;
	int r;

	while ((end = memchr(p + *used, '\n', n - *used)) != NULL) {
		len = (size_t)(end - p) - *used;
		if (len > 0 && end[-1] == '\r')
			len--;
		if ((r = irc_line(c, p + *used, len)) != 0)
			return r;
		*used = (size_t)(end + 1 - p);
	}
	return 0;
}

const struct proto proto_irc = {
    .name = "irc",
    .tls = true,
    .bytes_max = 400,
    .start = irc_start,
    .input = irc_input,
    .say = irc_say,
};

/* --- MQTT 3.1.1, QoS 0 --------------------------------------------------- */

static int mqtt_start(struct conn *c)
{
	static const uint8_t rest[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0};
	char id[16];
	size_t n;
	int r;

	snprintf(id, sizeof(id), "c%u", c->load->o.first_id + c->id);
	n = strlen(id);
	if ((r = buf_u8(&c->out, 0x10)) != 0 ||
	    (r = buf_u8(&c->out, (uint8_t)(sizeof(rest) + 2 + n))) != 0 ||
	    (r = buf_put(&c->out, rest, sizeof(rest))) != 0 ||
	    (r = buf_u8(&c->out, 0)) != 0 ||
	    (r = buf_u8(&c->out, (uint8_t)n)) != 0)
		return r;
	return buf_put(&c->out, id, n);
}

static int mqtt_say(struct conn *c, uint32_t seq, size_t bytes)
{
	size_t n = 3 + bytes;
	int r = buf_u8(&c->out, 0x30);

	for (; r == 0 && n >= 128; n >>= 7)
		r = buf_u8(&c->out, (uint8_t)(n | 128));
	if (r != 0 || (r = buf_u8(&c->out, (uint8_t)n)) != 0 ||
	    (r = buf_put(&c->out, "\0\1r", 3)) != 0)
		return r;
	return put_message(c, seq, bytes);
}

static int mqtt_packet(struct conn *c, uint8_t type, const uint8_t *p, size_t n)
{
	static const uint8_t sub[] = {0x82, 6, 0, 1, 0, 1, 'r', 0};

	switch (type >> 4) {
	case 2: /* CONNACK */
		if (n != 2 || p[1] != 0)
			return load_fail(c, "MQTT said no");
		if (!c->sender)
			return buf_put(&c->out, sub, sizeof(sub));
		load_in(c);
		return 0;
	case 9: /* SUBACK */
		load_in(c);
		return 0;
	case 3:
		if (n > 3)
			load_stamped(c, p + 3, n - 3);
		return 0;
	default:
		return 0;
	}
}

static int mqtt_input(struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	size_t len, at, shift;
	int r;

	for (;;) {
		at = *used + 1;
		len = shift = 0;
		do {
			if (at >= n)
				return 0;
			len |= (size_t)(p[at] & 127) << shift;
			shift += 7;
		} while (p[at++] & 128);
		if (n - at < len)
			return 0;
		if ((r = mqtt_packet(c, p[*used], p + at, len)) != 0)
			return r;
		*used = at + len;
	}
}

const struct proto proto_mqtt = {
    .name = "mqtt",
    .tls = true,
    .outside = true,
    .start = mqtt_start,
    .input = mqtt_input,
    .say = mqtt_say,
};

/* --- nats: PUB and SUB, a member does not get its own --------------------- */

static int nats_start(struct conn *c)
{
	return buf_str(&c->out,
	    "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\n"
	    "SUB r 1\r\nPING\r\n");
}

static int nats_say(struct conn *c, uint32_t seq, size_t bytes)
{
	char head[32];
	int r;

	snprintf(head, sizeof(head), "PUB r %zu\r\n", bytes);
	if ((r = buf_str(&c->out, head)) != 0 ||
	    (r = put_message(c, seq, bytes)) != 0)
		return r;
	return buf_str(&c->out, "\r\n");
}

/* A line that is not a message. */
static int nats_line(struct conn *c, const uint8_t *p)
{
	if (memcmp(p, "PONG", 4) == 0) {
		if (c->state != CONN_IN)
			load_in(c);
		return 0;
	}
	if (memcmp(p, "PING", 4) == 0)
		return buf_str(&c->out, "PONG\r\n");
	return p[0] == '-' ? load_fail(c, "nats said no") : 0;
}

static int nats_input(struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	static const char msg[] = "MSG r 1 ";
	const uint8_t *end, *q;
	size_t len;
	int r;

	while (n - *used >= sizeof(msg) &&
	       (end = memchr(p + *used, '\n', n - *used)) != NULL) {
		q = p + *used;
		if (memcmp(q, msg, sizeof(msg) - 1) != 0) {
			if ((r = nats_line(c, q)) != 0)
				return r;
			*used = (size_t)(end + 1 - p);
			continue;
		}
		for (len = 0, q += sizeof(msg) - 1; *q != '\r'; q++)
			len = 10 * len + (size_t)(*q - '0');
		if ((size_t)(p + n - (end + 1)) < len + 2)
			break;
		load_stamped(c, end + 1, len);
		*used = (size_t)(end + 1 - p) + len + 2;
	}
	/* A PONG is shorter than what a message begins with. */
	if (n - *used == 6 && memcmp(p + *used, "P", 1) == 0) {
		if ((r = nats_line(c, p + *used)) != 0)
			return r;
		*used = n;
	}
	return 0;
}

const struct proto proto_nats = {
    .name = "nats",
    .tls = true,
    .greets = true,
    .start = nats_start,
    .input = nats_input,
    .say = nats_say,
};

/* --- reverse: openssl s_server -rev, for the price of a TLS handshake ---- */

static int reverse_start(struct conn *c)
{
	return buf_str(&c->out, "ab\n");
}

static int reverse_input(
    struct conn *c, const uint8_t *p, size_t n, size_t *used)
{
	(void)p;
	*used = n;
	load_in(c);
	net_close(c);
	return 0;
}

const struct proto proto_reverse = {
    .name = "reverse",
    .tls = true,
    .start = reverse_start,
    .input = reverse_input,
};
