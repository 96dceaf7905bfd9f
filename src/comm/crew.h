/* The ranks of a node whose cores are nearest to the same memory. They need not each have what is
 * the same on all of them: a crew holds it once, each writes a part, and all read it. */
#ifndef DT_COMM_CREW_H
#define DT_COMM_CREW_H

#include <dtrain/world.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dt_crew dt_crew;

/* Collective over the world. *crew is NULL after an error.
 *   memory  a number of what is nearest to this rank's cores; negative: this rank is alone */
dt_code dt_crew_create(const dt_world *world, int memory, dt_crew **crew, dt_error *err);

/* How many ranks it has, and which of them this one is. Not collective. */
int dt_crew_ranks(const dt_crew *crew);
int dt_crew_self(const dt_crew *crew);

/* n items that the crew has together, zeros at first, at a multiple of 64 bytes; they are the
 * crew's, to its end. n is the same on all ranks. Collective over the world: it is NULL on all of
 * them if one has an error, before or in here. */
void *dt_crew_alloc(dt_crew *crew, int64_t n, size_t size, const char *what, dt_error *err);

/* Which of n values are this rank's to write: from *begin on, as many as it returns. Not
 * collective.
 */
int64_t dt_crew_part(const dt_crew *crew, int64_t n, int64_t *begin);

/* Wait for each other; what each wrote is then there for all. Collective over the crew.
 * Returns whether all are well. */
bool dt_crew_meet(dt_crew *crew, bool well);

/* Not collective. Takes NULL. */
void dt_crew_destroy(dt_crew *crew);

#endif
