// SPDX-License-Identifier: Apache-2.0

import java.nio.charset.StandardCharsets;

/** Bytes under construction, kept from record to record. */
final class Text {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);

    byte[] bytes = new byte[4096];
    int length;

    void reset() {
        length = 0;
    }

    private void room(int more) {
        if (bytes.length - length < more) {
            bytes = java.util.Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    void add(byte[] other) {
        add(other, 0, other.length);
    }

    void add(byte[] other, int from, int count) {
        room(count);
        System.arraycopy(other, from, bytes, length, count);
        length += count;
    }

    void add(int oneByte) {
        room(1);
        bytes[length++] = (byte) oneByte;
    }

    /** What a JSON string holds: nearly always plain ASCII. */
    @SuppressWarnings("deprecation") // the only copy of a Latin-1 string that makes no array
    void addJson(String text) {
        int count = text.length();
        room(count);
        for (int i = 0; i < count; i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
                addEscaped(text);
                return;
            }
        }
        text.getBytes(0, count, bytes, length);
        length += count;
    }

    private void addEscaped(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        for (byte b : encoded) {
            if (b == '"' || b == '\\') {
                add('\\');
                add(b);
            } else if (b >= 0 && b < 0x20) {
                addControl(b);
            } else {
                add(b);
            }
        }
    }

    private void addControl(int c) {
        int known = "\b\t\n\f\r".indexOf(c);
        add('\\');
        if (known >= 0) {
            add("btnfr".charAt(known));
            return;
        }
        add('u');
        add('0');
        add('0');
        add(HEX[c >> 4]);
        add(HEX[c & 15]);
    }

    void addDigits(long value, int digits) {
        room(digits);
        for (int i = digits - 1; i >= 0; i--) {
            bytes[length + i] = (byte) ('0' + value % 10);
            value /= 10;
        }
        length += digits;
    }

    void addHex(byte[] hash, int count) {
        for (int i = 0; i < count; i++) {
            add(HEX[hash[i] >> 4 & 15]);
            add(HEX[hash[i] & 15]);
        }
    }

    byte[] copy(int from) {
        return java.util.Arrays.copyOfRange(bytes, from, length);
    }
}
