/* What the parties have purged: emptied in the journal, and overwritten where it lay. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/lib/draft.h"
#include "client/lib/journal.h"
#include "client/lib/journal_file.h"
#include "client/lib/kept.h"
#include "core/error.h"

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* The file that was, and that has no name any more or soon has none. */
static void overwrite(int fd, size_t size)
{
    static const uint8_t zeros[4096];
    for (size_t at = 0; at < size;) {
        ssize_t done = pwrite(fd, zeros, size - at < sizeof(zeros) ? size - at : sizeof(zeros), (off_t) at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        at += (size_t) done;
    }
    fsync(fd);
}

/* A draft without them in its place, of the same time: by it acts stand in their order. What was being
 * written when a process was killed has a name that begins with a dot, and goes. */
static void file_forget(int directory, const char *name, const ProtobufCBinaryData *hashes, size_t count)
{
    CLEANUP(comity_draft_destroy) struct comity_draft *draft = NULL;
    CLEANUP(journal_fd_close) int old = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct bytes bytes;
    int64_t kept_ns;
    uint8_t *packed = NULL;
    size_t size = 0;
    if (old < 0 || journal_file_get(directory, name, &bytes, &kept_ns) != 0)
        return;
    int code = draft_unpack_kept(bytes, &draft);
    free((uint8_t *) bytes.data);
    if (code != 0 || draft_forget_texts(draft, hashes, count) == 0)
        return;
    if (name[0] == '.')
        code = unlinkat(directory, name, 0) == 0 ? 0 : ERR_FILE;
    else if ((code = comity_draft_pack(draft, &packed, &size)) == 0)
        code = journal_file_replace(directory, name, BYTES(packed, size), kept_ns);
    free(packed);
    if (code == 0)
        overwrite(old, bytes.size);
}

/* What can be read again goes whole. So does what was being written when a process was killed. */
static void answer_forget(int directory, const char *name, const ProtobufCBinaryData *hashes, size_t count)
{
    struct bytes bytes;
    int64_t kept_ns;
    CLEANUP(journal_fd_close) int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || journal_file_get(directory, name, &bytes, &kept_ns) != 0)
        return;
    if ((name[0] == '.' || kept_has_text(bytes, hashes, count)) && unlinkat(directory, name, 0) == 0)
        overwrite(fd, bytes.size);
    free((uint8_t *) bytes.data);
}

void journal_forget_texts(const char *directory, const uint8_t *history, const ProtobufCBinaryData *hashes,
                          size_t count)
{
    CLEANUP(journal_fd_close) int fd = -1;
    if (count == 0 || journal_history_open(directory, history, false, &fd) != 0)
        return;
    int copy = dup(fd);
    CLEANUP(dir_close) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return;
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir))
        if (strstr(file->d_name, JOURNAL_SUFFIX_COMMAND) != NULL)
            file_forget(fd, file->d_name, hashes, count);
        else if (kept_is_name(file->d_name))
            answer_forget(fd, file->d_name, hashes, count);
}
