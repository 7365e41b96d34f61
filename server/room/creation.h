/* creation.h - who may make rooms: an option of the server. */
#ifndef CONCLAVED_ROOM_CREATION_H
#define CONCLAVED_ROOM_CREATION_H

enum room_creation { CREATION_MEMBERS, CREATION_OPERATORS, CREATION_NOBODY };

#endif
