/* RFC 6962 proofs published by transparency-dev/merkle, good and bad, and its reference tree. */
#include <ftw.h>

#include "vectors.h"

#include "core/tree.h"

static struct {
    unsigned accepted;
    unsigned refused;
    unsigned not_expressible; /* a leaf hash that is not 32 bytes: core's interface takes no other */
} seen;

enum { PROOF_VECTOR_MAX = 80 };

static size_t proof_read(json_object *list, struct bytes *proof, uint8_t buffers[][VECTOR_BYTES_MAX])
{
    size_t count = list ? json_object_array_length(list) : 0;
    assert_true(count <= PROOF_VECTOR_MAX);
    for (size_t i = 0; i < count; i++)
        proof[i] = base64_of(json_object_array_get_idx(list, i), buffers[i]);
    return count;
}

static uint64_t number_of(json_object *object, const char *name)
{
    return json_object_get_uint64(member(object, name));
}

static int inclusion_check(json_object *vector)
{
    static uint8_t buffers[PROOF_VECTOR_MAX][VECTOR_BYTES_MAX], leaf_buffer[VECTOR_BYTES_MAX],
        root_buffer[VECTOR_BYTES_MAX];
    struct bytes proof[PROOF_VECTOR_MAX];
    size_t count = proof_read(member(vector, "proof"), proof, buffers);
    struct bytes leaf = base64_of(member(vector, "leafHash"), leaf_buffer);
    struct bytes root = base64_of(member(vector, "root"), root_buffer);
    if (leaf.size != HASH_SIZE) {
        seen.not_expressible++;
        return ERR_RECEIPT;
    }
    return tree_inclusion_check(number_of(vector, "leafIdx"), number_of(vector, "treeSize"), leaf.data, proof,
                                count, root);
}

static int consistency_check(json_object *vector)
{
    static uint8_t buffers[PROOF_VECTOR_MAX][VECTOR_BYTES_MAX], old_buffer[VECTOR_BYTES_MAX],
        new_buffer[VECTOR_BYTES_MAX];
    struct bytes proof[PROOF_VECTOR_MAX];
    size_t count = proof_read(member(vector, "proof"), proof, buffers);
    struct bytes old_root = base64_of(member(vector, "root1"), old_buffer);
    struct bytes new_root = base64_of(member(vector, "root2"), new_buffer);
    return tree_consistency_check(number_of(vector, "size1"), number_of(vector, "size2"), proof, count,
                                  old_root, new_root);
}

static int (*check)(json_object *vector);

static int vector_visit(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void) status;
    (void) walk;
    size_t length = strlen(path);
    if (type != FTW_F || length < 5 || strcmp(path + length - 5, ".json") != 0)
        return 0;
    json_object *vector = vectors_load(path);
    bool is_bad = json_object_get_boolean(member(vector, "wantErr"));
    int code = check(vector);
    if (code != 0 && code != ERR_RECEIPT)
        fail_msg("%s: an error of another kind, %s", path, error_name(code));
    if ((code != 0) != is_bad)
        fail_msg("%s: %s", path, is_bad ? "a bad proof was accepted" : "a good proof was refused");
    seen.refused += is_bad ? 1 : 0;
    seen.accepted += is_bad ? 0 : 1;
    json_object_put(vector);
    return 0;
}

static void walk(const char *folder, int (*with)(json_object *vector))
{
    char path[512];
    memset(&seen, 0, sizeof(seen));
    check = with;
    assert_int_equal(nftw(vectors_path(folder, path, sizeof(path)), vector_visit, 16, FTW_PHYS), 0);
    print_message("%s: %u good proofs accepted, %u bad ones refused (%u of them not expressible)\n", folder,
                  seen.accepted, seen.refused, seen.not_expressible);
    assert_true(seen.accepted > 0 && seen.refused > 0);
}

static void test_inclusion(void **state)
{
    (void) state;
    walk("merkle/inclusion", inclusion_check);
}

static void test_consistency(void **state)
{
    (void) state;
    walk("merkle/consistency", consistency_check);
}

/* --- the reference tree --- */

enum { LEVELS = 8, LEAVES_MAX = 64 };
static uint8_t nodes_kept[LEVELS][LEAVES_MAX][HASH_SIZE];

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    (void) self;
    memcpy(ret_hash, nodes_kept[level][index], HASH_SIZE);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    (void) self;
    memcpy(nodes_kept[level][index], hash, HASH_SIZE);
    return 0;
}

static void assert_hash(const uint8_t hash[HASH_SIZE], json_object *expected)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(BYTES(hash, HASH_SIZE), hex);
    assert_string_equal(hex, json_object_get_string(expected));
}

static void test_reference_tree(void **state)
{
    (void) state;
    static const struct tree_nodes NODES = {NULL, node_get, node_put};
    char path[512];
    json_object *vector = vectors_load(vectors_path("rfc6962/reference-tree.json", path, sizeof(path)));
    json_object *inputs = member(vector, "leaf_inputs_hex");
    json_object *roots = member(vector, "root_by_size");
    size_t count = json_object_array_length(inputs);
    assert_in_range(count, 1, LEAVES_MAX);
    uint8_t hash[HASH_SIZE], other[HASH_SIZE];
    for (size_t i = 0; i <= count; i++) {
        assert_int_equal(tree_root(&NODES, i, hash), 0);
        assert_hash(hash, json_object_array_get_idx(roots, i));
        if (i == count)
            break;
        uint8_t buffer[VECTOR_BYTES_MAX];
        tree_leaf_hash(hex_of(json_object_array_get_idx(inputs, i), buffer), hash);
        assert_hash(hash, json_object_array_get_idx(member(vector, "leaf_hashes"), i));
        assert_int_equal(tree_append(&NODES, i, hash), 0);
    }
    tree_leaf_hash(BYTES("L123456", 7), hash);
    assert_hash(hash, member(vector, "leaf_hash_of_L123456"));
    json_object_put(vector);
    print_message("reference tree: %zu leaves\n", count);

    /* Proofs that we make over it are accepted for what they are. */
    for (uint64_t size = 1; size <= count; size++) {
        uint8_t proof[PROOF_MAX][HASH_SIZE];
        struct bytes views[PROOF_MAX];
        size_t proof_count;
        assert_int_equal(tree_root(&NODES, size, hash), 0);
        for (uint64_t index = 0; index < size; index++) {
            assert_int_equal(tree_inclusion_proof(&NODES, index, size, proof, &proof_count), 0);
            for (size_t i = 0; i < proof_count; i++)
                views[i] = BYTES(proof[i], HASH_SIZE);
            assert_int_equal(tree_inclusion_check(index, size, nodes_kept[0][index], views, proof_count,
                                                  BYTES(hash, HASH_SIZE)),
                             0);
            assert_int_equal(tree_root(&NODES, index + 1, other), 0);
            assert_int_equal(tree_consistency_proof(&NODES, index + 1, size, proof, &proof_count), 0);
            for (size_t i = 0; i < proof_count; i++)
                views[i] = BYTES(proof[i], HASH_SIZE);
            assert_int_equal(tree_consistency_check(index + 1, size, views, proof_count,
                                                    BYTES(other, HASH_SIZE), BYTES(hash, HASH_SIZE)),
                             0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inclusion),
        cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_reference_tree),
    };
    return cmocka_run_group_tests(tests, vectors_setup, NULL);
}
