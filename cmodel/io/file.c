// SPDX-License-Identifier: Apache-2.0
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pm_status pm_file_open(const char *path, FILE **file, uint64_t *size, struct pm_error *e) {
    struct stat st;
    *file = NULL;
    /* O_NONBLOCK: a named pipe must not hang the program before it is refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    pm_status s = PM_OK;
    if (fstat(fd, &st) != 0)
        s = pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        s = pm_fail(e, PM_EIO, path, "%s", S_ISDIR(st.st_mode) ? strerror(EISDIR) : "not a regular file");
    else if ((*file = fdopen(fd, "rb")) == NULL)
        s = pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    else
        *size = (uint64_t)st.st_size;
    if (s != PM_OK)
        close(fd);
    return s;
}
