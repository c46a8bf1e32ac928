/* A name that was linked, renamed or removed is so on disk only once its directory was synced: for all who
 * make files that have to survive a power loss. Of the rim (docs/adr/0003). */
#ifndef COMITY_CORE_DIRECTORY_H
#define COMITY_CORE_DIRECTORY_H

/* Sync the directory that @path lies in, which need not be there itself. 0, or -1 with errno. */
int directory_sync_of(const char *path);

#endif
