/* version.h - of both programs; the protocol has its own (wire.h). */
#ifndef CONCLAVE_VERSION_H
#define CONCLAVE_VERSION_H

#define CONCLAVE_VERSION "0.1.0"

#endif
