/* Follows symbolic links. Not collective. */
#ifndef DT_FILE_RESOLVE_LINK_H
#define DT_FILE_RESOLVE_LINK_H

/* Return the path of the file that a path leads to. If the path is not a link, that is a copy of
 * the path itself. The file need not exist. A program that writes a file under a temporary name and
 * then renames it needs this path, since renaming to a link would replace the link. The caller
 * frees the result. NULL, with errno, if the links form a loop or memory runs out. */
char *dt_file_resolve_links(const char *path);

#endif
