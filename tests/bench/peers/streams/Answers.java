// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the rules say of a type at a place, as bytes that only need the case's own between them. */
final class Answers {
    /** One answer; `front`, `back` and `more` are members of the decision's data. */
    record Answer(byte[] front, long dueMs, byte[] back, byte[] more, String[] units, byte[][] orders) {}

    private final Map<String, Answer> byMatter = new HashMap<>();
    private final Set<String> units = new TreeSet<>();

    Answers(Path file) throws IOException {
        for (String line : Files.readAllLines(file)) {
            String[] cells = line.split("\t", -1);
            String[] named = cells[6].split(" ");
            byte[][] orders = new byte[named.length][];
            for (int i = 0; i < named.length; i++) {
                units.add(named[i]);
                orders[i] = bytes(
                        "\",\"case_kind\":\"request\",\"kind\":\"" + (i == 0 ? "assigned" : "copied") + "\",\"unit\":\""
                                + named[i] + "\",\"time\":\"");
            }
            byMatter.put(
                    cells[0] + cells[1],
                    new Answer(bytes(cells[2]), Long.parseLong(cells[3]) * 3_600_000, bytes("," + cells[4]),
                            bytes(cells[5]), named, orders));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    Answer of(String type, String community) {
        return byMatter.get(type + community);
    }

    Set<String> units() {
        return units;
    }
}
