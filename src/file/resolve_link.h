/* Symbolic links. Not collective. */
#ifndef DT_FILE_RESOLVE_LINK_H
#define DT_FILE_RESOLVE_LINK_H

/* Where a file lies, or will lie, that is written by way of this path, its last part being a link
 * perhaps: a rename to the path itself would replace the link. To be freed; NULL, with errno,
 * where links go in a circle or memory runs out. */
char *dt_file_resolve_links(const char *path);

#endif
