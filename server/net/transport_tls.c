/* transport_tls.c - TLS over a TCP socket. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/net/transport.h"

/* --- the door ------------------------------------------------------------- */

int tls_door_init(struct tls_door *d)
{
	d->config = NULL;
	return pthread_mutex_init(&d->lock, NULL) == 0 ? 0 : ERR_NOMEM;
}

void tls_door_free(struct tls_door *d)
{
	tls_config_free(d->config);
	d->config = NULL;
	(void)pthread_mutex_destroy(&d->lock);
}

void tls_door_set(struct tls_door *d, struct tls_config *c)
{
	struct tls_config *before;

	(void)pthread_mutex_lock(&d->lock);
	before = d->config;
	d->config = c;
	(void)pthread_mutex_unlock(&d->lock);
	tls_config_free(before);
}

static struct tls *door_open(struct tls_door *d, struct tls_work *w, int fd)
{
	struct tls *t = NULL;

	(void)pthread_mutex_lock(&d->lock);
	if (d->config != NULL)
		t = tls_new(d->config, w, fd, NULL);
	(void)pthread_mutex_unlock(&d->lock);
	return t;
}

/* --- the transport -------------------------------------------------------- */

static ssize_t secure_read(struct transport *t, void *p, size_t n)
{
	return tls_read(t->tls, p, n);
}

static ssize_t secure_writev(
    struct transport *t, const struct iovec *iov, int n)
{
	return tls_writev(t->tls, iov, n);
}

static int secure_shutdown(struct transport *t)
{
	tls_end(t->tls);
	return shutdown(t->fd, SHUT_WR);
}

static void secure_close(struct transport *t)
{
	tls_free(t->tls);
	t->tls = NULL;
	close(t->fd); /* also removes it from its epoll */
	t->fd = -1;
}

static int secure_flush(struct transport *t)
{
	return tls_flush(t->tls);
}

static const struct transport_ops secure_ops = {secure_read, secure_writev,
    secure_shutdown, secure_close, secure_flush};

int transport_tls(struct transport *t, struct tls_door *d, struct tls_work *w,
    const void *rest, size_t n)
{
	struct tls *tls = door_open(d, w, t->fd);

	if (tls == NULL)
		return ERR_NOMEM;
	if (n > 0 && tls_give(tls, rest, n) != 0) {
		tls_free(tls);
		return ERR_NOMEM;
	}
	t->tls = tls;
	t->ops = &secure_ops;
	return 0;
}

int transport_channel(struct transport *t, uint8_t out[WIRE_CHANNEL])
{
	return t->tls != NULL ? tls_exporter(t->tls, out) : ERR_ABSENT;
}

bool transport_waiting(const struct transport *t)
{
	return t->tls != NULL && tls_waiting(t->tls);
}

bool transport_unsent(const struct transport *t)
{
	return t->tls != NULL && tls_unsent(t->tls);
}

size_t transport_held(const struct transport *t)
{
	return t->tls != NULL ? tls_held(t->tls) : 0;
}

const char *transport_why(const struct transport *t, int error)
{
	enum tls_fault f;

	if (t->tls == NULL || error != EPROTO)
		return strerror(error);
	f = tls_fault(t->tls);
	if (f == TLS_FAULT_BROKEN && tls_detail(t->tls)[0] != '\0')
		return tls_detail(t->tls);
	return tls_fault_str(f);
}
