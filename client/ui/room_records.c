/* room_records.c - an array of records, one for each room. */
#include "client/ui/room_records.h"

#include <string.h>

#include "shared/os/vec.h"
#include "shared/wire/text.h"

void room_records_free(struct room_records *l)
{
	free(l->all);
	l->all = NULL;
	l->n = l->cap = 0;
}

void *room_record_at(const struct room_records *l, size_t i)
{
	return i < l->n ? (char *)l->all + i * l->size : NULL;
}

void *room_record_find(
    const struct room_records *l, const struct chatroom *room)
{
	struct room_record *p;
	size_t i;

	for (i = 0; (p = room_record_at(l, i)) != NULL; i++)
		if (p->room == room)
			return p;
	return NULL;
}

void *room_record(struct room_records *l, const struct chatroom *room)
{
	struct room_record *p = room_record_find(l, room);

	if (p != NULL)
		return p;
	if (vec_reserve(&l->all, &l->cap, l->n + 1, l->size) != 0)
		return NULL;
	p = room_record_at(l, l->n++);
	memset(p, 0, l->size);
	p->room = room;
	return p;
}

const struct chatroom *room_record_named(
    const struct room_records *l, const char *name)
{
	const struct room_record *p;
	size_t i;

	for (i = 0; (p = room_record_at(l, i)) != NULL; i++)
		if (text_same_name(p->name, name))
			return p->room;
	return NULL;
}

const char *room_record_name(const struct room_records *l,
    const struct session *s, const struct chatroom *room)
{
	const struct room_record *p = room_record_find(l, room);
	struct session_room_status st;

	session_room_status(s, room, &st);
	return st.name[0] != '\0' || p == NULL ? st.name : p->name;
}
