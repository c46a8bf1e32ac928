#include "client/witness/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/daemon/process.h"
#include "core/directory.h"
#include "core/error.h"
#include "core/text.h"
#include "core/tree.h"

enum { TEXT_MAX = 8192 };

static const char README[] =
    "Evidence that the record of a partnership was forked: its server has shown this witness two records that\n"
    "cannot both be true. Keep this folder, and show it to every party.\n"
    "\n"
    "  kept.note    what this witness saw first and cosigned\n"
    "  shown.note   what the server showed later\n"
    "  proof.txt    what it gave as the proof that the second continues the first (RFC 6962, 2.1.2; may be empty)\n"
    "  beside.note  what it now shows for the length that was kept, if it showed any\n"
    "\n"
    "Each note begins with the name of the log, the number of events and the root of their tree, and ends with a\n"
    "signature line (C2SP signed-note). All carry the signature of the same log key:\n"
    "\n"
    "  %s\n"
    "\n"
    "Two notes of the same length with different roots, both signed by that key, prove by themselves that whoever\n"
    "holds it has shown different records to different people. What this witness says of them: %s\n"
    "\n"
    "Where this witness's line stands under a note of the server as well, its key has signed both: another machine\n"
    "has the key, or what the witness had kept was put back. Then its word is worth nothing: dismiss it.\n";

static const char README_EPOCH[] =
    "Evidence that the record of a partnership was rewritten: its server has restored it from a backup, says that\n"
    "nothing was lost of what this witness had cosigned, and shows a record that does not hold it. Keep this\n"
    "folder, and show it to every party.\n"
    "\n"
    "  kept.note    what this witness saw before the restore, and cosigned\n"
    "  shown.note   what the server showed after it\n"
    "  proof.txt    what it gave as the proof that the second continues the first (RFC 6962, 2.1.2; may be empty)\n"
    "  beside.note  what it now shows for the length that was kept, if it showed any\n"
    "\n"
    "Each note begins with the name of the log, the number of events and the root of their tree, and ends with a\n"
    "signature line (C2SP signed-note). The log keys of before the restore and of after it:\n"
    "\n"
    "  %s\n"
    "  %s\n"
    "\n"
    "To which number the restore went back is in the record itself, in its event EPOCH_OPENED, of which every member\n"
    "has a copy. It says at least the length of kept.note: then kept.note and beside.note have to have the same\n"
    "root. What this witness says of them: %s\n";

static int file_put(const char *folder, const char *name, struct bytes content)
{
    char path[KEPT_PATH_MAX + 128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return process_file_error();
    errno = EIO;
    bool is_written = content.size == 0 || write(descriptor, content.data, content.size) == (ssize_t) content.size;
    int code = is_written && fsync(descriptor) == 0 ? 0 : process_file_error();
    close(descriptor);
    return code;
}

static int kept_put(const char *folder, const char *name, const struct kept *kept, const char *witness,
                    const uint8_t *witness_key)
{
    char text[CHECKPOINT_MAX_BYTES + NOTE_LINE_MAX_BYTES + 1], line[NOTE_LINE_MAX_BYTES + 1];
    size_t line_size = kept->is_signed ? cosignature_line(witness, witness_key, kept->time_s, kept->signature, line) : 0;
    int size = snprintf(text, sizeof(text), "%.*s%.*s", (int) kept->note_size, kept->note, (int) line_size, line);
    return file_put(folder, name, BYTES(text, (size_t) size));
}

static int proof_put(const char *folder, const struct seen *seen)
{
    char text[PROOF_MAX * 48] = "";
    size_t size = 0;
    for (size_t i = 0; i < seen->proof_count && i < PROOF_MAX; i++) {
        if (seen->proof[i].size != HASH_SIZE)
            continue;
        sodium_bin2base64(text + size, sizeof(text) - size, seen->proof[i].data, HASH_SIZE,
                          sodium_base64_VARIANT_ORIGINAL);
        size += strlen(text + size);
        text[size++] = '\n';
    }
    return file_put(folder, "proof.txt", BYTES(text, size));
}

/* What the log has not signed is no evidence against it. Where this witness's own key has cosigned it as well, with that line:
 * then the key is elsewhere too, or what was kept of it was put back. */
static int shown_put(const char *folder, const char *name, struct bytes note, const struct kept *kept,
                     const uint8_t *other_key, const struct own *own, const char *witness)
{
    char text[CHECKPOINT_MAX_BYTES + NOTE_LINE_MAX_BYTES + 1], line[NOTE_LINE_MAX_BYTES + 1];
    struct checkpoint checkpoint;
    bool is_signed = note.size > 0 && (checkpoint_open(note, kept->log_key, &checkpoint) == 0 ||
                                       (other_key != NULL && checkpoint_open(note, other_key, &checkpoint) == 0));
    if (!is_signed)
        return 0;
    if (own == NULL || own->size != checkpoint.size || own->epoch != kept->epoch ||
        !own_fits(own, kept->history, checkpoint.root))
        return file_put(folder, name, note);
    size_t line_size = cosignature_line(witness, own->key, own->time_s, own->signature.data, line);
    int size = snprintf(text, sizeof(text), "%.*s%.*s", (int) note.size, (const char *) note.data, (int) line_size, line);
    return file_put(folder, name, BYTES(text, (size_t) size));
}

static void verifier_text(const struct kept *kept, uint32_t epoch, const uint8_t *log_key,
                          char ret_text[NOTE_VERIFIER_MAX_BYTES + 1])
{
    struct note_verifier verifier;
    char origin[ORIGIN_MAX_BYTES + 1];
    checkpoint_origin(kept->history, epoch, origin);
    ret_text[0] = '\0';
    if (note_verifier_make(origin, NOTE_SIGNATURE, log_key, &verifier) == 0)
        note_verifier_write(&verifier, ret_text);
}

static int readme_put(const char *folder, const struct kept *kept, const struct seen *seen, enum judgement judgement)
{
    char key[NOTE_VERIFIER_MAX_BYTES + 1], next[NOTE_VERIFIER_MAX_BYTES + 1], text[TEXT_MAX];
    struct checkpoint checkpoint;
    bool is_by_kept_key = checkpoint_open(seen->note, kept->log_key, &checkpoint) == 0;
    verifier_text(kept, kept->epoch, kept->log_key, key);
    verifier_text(kept, seen->epoch, is_by_kept_key ? kept->log_key : seen->server_log_key, next);
    int size = judgement == JUDGED_EPOCH_FORK
                   ? snprintf(text, sizeof(text), README_EPOCH, key, next, judgement_sentence(judgement))
                   : snprintf(text, sizeof(text), README, key, judgement_sentence(judgement));
    return file_put(folder, "README.txt", BYTES(text, (size_t) size));
}

/* Folders: evidence, and in it one for each fork. */
static int folder_make(const char *directory, const char *name, char ret_folder[KEPT_PATH_MAX])
{
    char path[KEPT_PATH_MAX];
    snprintf(path, sizeof(path), "%.1000s/evidence", directory);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return process_file_error();
    snprintf(ret_folder, KEPT_PATH_MAX, "%.1010s/%s", path, name);
    return mkdir(ret_folder, 0700) == 0 || errno == EEXIST ? 0 : process_file_error();
}

static int folder_sync(const char *folder)
{
    char inside[KEPT_PATH_MAX + 8], above[KEPT_PATH_MAX];
    snprintf(inside, sizeof(inside), "%s/.", folder);
    snprintf(above, sizeof(above), "%s", folder);
    char *end = strrchr(above, '/');
    if (directory_sync_of(inside) != 0 || directory_sync_of(folder) != 0)
        return process_file_error();
    *end = '\0';
    return directory_sync_of(above) == 0 ? 0 : process_file_error();
}

int evidence_keep(const char *directory, const struct kept *kept, const struct seen *seen, const char *witness,
                  const uint8_t witness_key[KEY_SIZE], enum judgement judgement,
                  char ret_name[KEPT_EVIDENCE_MAX + 1])
{
    char name[KEPT_EVIDENCE_MAX + 1], folder[KEPT_PATH_MAX], hex[2 * HISTORY_ID_SIZE + 1], of_note[2 * HASH_SIZE + 1];
    const uint8_t *other_key = judgement == JUDGED_EPOCH_FORK ? seen->server_log_key : NULL;
    uint8_t hash[HASH_SIZE];
    crypto_hash_sha256(hash, seen->note.data, seen->note.size);
    hex_encode(BYTES(hash, sizeof(hash)), of_note);
    hex_encode(BYTES(kept->history, HISTORY_ID_SIZE), hex);
    snprintf(name, sizeof(name), "%.16s-%" PRIu32 "-%" PRIu64 "-%.16s", hex, kept->epoch, kept->size, of_note);
    int code = folder_make(directory, name, folder);
    if (code == 0)
        code = kept_put(folder, "kept.note", kept, witness, witness_key);
    if (code == 0)
        code = shown_put(folder, "shown.note", seen->note, kept, other_key, seen->own, witness);
    if (code == 0)
        code = proof_put(folder, seen);
    if (code == 0)
        code = shown_put(folder, "beside.note", seen->beside, kept, other_key, seen->own, witness);
    if (code == 0)
        code = readme_put(folder, kept, seen, judgement);
    if (code == 0)
        code = folder_sync(folder);
    if (code == 0)
        memcpy(ret_name, name, sizeof(name));
    return code;
}

int evidence_keep_note(const char *directory, const struct kept *kept, const char *witness, const uint8_t witness_key[KEY_SIZE])
{
    char name[KEPT_EVIDENCE_MAX + 1], path[KEPT_PATH_MAX], hex[2 * HISTORY_ID_SIZE + 1];
    hex_encode(BYTES(kept->history, HISTORY_ID_SIZE), hex);
    snprintf(name, sizeof(name), "%s-epoch-%" PRIu32 ".note", hex, kept->epoch);
    snprintf(path, sizeof(path), "%.1000s/%s", directory, name);
    int code = kept_put(directory, name, kept, witness, witness_key);
    return code == 0 && directory_sync_of(path) != 0 ? process_file_error() : code;
}
