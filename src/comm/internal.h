/* What the files of this room share. */
#ifndef DT_COMM_INTERNAL_H
#define DT_COMM_INTERNAL_H

#include <mpi.h>
#include <stdbool.h>

struct dt_comm {
    MPI_Comm all;      /* for the steps of the caller's thread */
    MPI_Comm exchange; /* for rows that travel meanwhile */
    MPI_Comm node;     /* the ranks that share memory with this one */
    bool started_mpi;
};

#endif
