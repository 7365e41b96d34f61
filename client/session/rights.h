/* rights.h - what the server says of a room and of its people's rights: topic,
 * settings, roles, and who is muted. None of it is signed by a member. */
#ifndef CONCLAVE_SESSION_RIGHTS_H
#define CONCLAVE_SESSION_RIGHTS_H

#include "client/session/events.h"
#include "client/session/roster.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"

struct rights;
/* All borrowed; `events` is copied. */
struct rights *rights_new(
    const struct room_events *events, struct roster *roster);
void rights_free(struct rights *t); /* NULL is a no-op */

/* We enter the room: its key has come, then what it is set to. */
void rights_begin(struct rights *t);
void rights_entry(struct rights *t, const struct room_entry *e);
/* What a notice tells, NOTICE_ACT or NOTICE_ROOM, as an event. */
void rights_event(struct event *e, const struct notice *n);
/* Whether the act takes somebody out of the room. */
bool rights_removes(const struct notice *n);
/* Such a notice comes, as the entry at that offset. show: report it. */
int rights_told(struct rights *t, const struct content *c, uint64_t offset,
    bool show) MUST_CHECK;
/* Whether we, `self`, may speak; show: report it. */
int rights_voice(struct rights *t, uint32_t self, const struct voice *v,
    bool show) MUST_CHECK;

/* Borrowed. */
const char *rights_topic(const struct rights *t);
/* What stands in the topic's place: in a sealed room that is no topic. */
const char *rights_word(const struct rights *t);
/* Topic and settings are what the server said: we were in the room. */
bool rights_known(const struct rights *t);
const struct room_settings *rights_settings(const struct rights *t);
/* Until when we are muted. */
uint64_t rights_until_ms(const struct rights *t);

#endif
