/* Symbolic links. Not collective. */
#ifndef DT_FILE_RESOLVE_LINK_H
#define DT_FILE_RESOLVE_LINK_H

/* Follow the link that a path may be to the path of the file that it leads to, which need not
 * exist. A file that is written beside and renamed needs it: to rename it to the link would replace
 * the link. To be freed; NULL, with errno, if links go in a circle or memory runs out. */
char *dt_file_resolve_links(const char *path);

#endif
