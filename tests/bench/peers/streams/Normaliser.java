// SPDX-License-Identifier: Apache-2.0

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** One raw order to one event, or to a dead letter with the reason. */
final class Normaliser implements Processor<byte[], byte[], byte[], byte[]> {
    private static final Map<String, byte[]> KINDS =
            Map.of(
                    "咨询", bytes("enquiry"),
                    "求助", bytes("help"),
                    "投诉", bytes("complaint"),
                    "举报", bytes("report"),
                    "建议", bytes("suggestion"),
                    "表扬", bytes("praise"));
    private static final String[] COLUMNS = {"工单编号", "更新时间", "受理时间", "诉求性质", "问题分类", "反映社区", "反映街乡"};
    private static final Map<String, Integer> COLUMN_OF =
            Map.of(
                    COLUMNS[0], 0, COLUMNS[1], 1, COLUMNS[2], 2, COLUMNS[3], 3, COLUMNS[4], 4, COLUMNS[5], 5,
                    COLUMNS[6], 6);
    private static final byte[][] NAMES = {bytes(",\"type_code\":\""), bytes(",\"community_code\":\""), bytes(",\"street_code\":\"")};
    private static final byte[] NAMESPACE = bytes("request:12345");
    private static final byte[] STAGE = bytes("opened");
    private static final byte[] CONTENT_TYPE = bytes("application/cloudevents+json; charset=UTF-8");
    private static final byte[] TO_ID = bytes("{\"specversion\":\"1.0\",\"id\":\"");
    private static final byte[] TO_SOURCE = bytes("\",\"source\":\"/feeds/");
    private static final byte[] TO_SUBJECT = bytes("\",\"type\":\"cn.citybrain.case.opened.v1\",\"subject\":\"");
    private static final byte[] TO_TIME = bytes("\",\"time\":\"");
    private static final byte[] TO_RECORDED = bytes("\",\"datacontenttype\":\"application/json\",\"recordedtime\":\"");
    private static final byte[] TO_KEY = bytes("\",\"partitionkey\":\"");
    private static final byte[] TO_FEED = bytes("\",\"feed\":\"");
    private static final byte[] TO_VERSION = bytes("\",\"feedversion\":\"");
    private static final byte[] TO_REVISION = bytes("\",\"party\":\"source\",\"revision\":\"");
    private static final byte[] TO_DATA = bytes("\",\"data\":");
    private static final byte[] TO_KIND = bytes("{\"request_kind\":\"");
    private static final long AHEAD_MS = 600_000;
    private static final int NUMBER_MAX = 128;

    private final String events;
    private final String dead;
    private final JsonFactory json = new JsonFactory();
    private final MessageDigest sha = sha256();
    private final byte[] hash = new byte[32];
    private final byte[] idBytes = new byte[16];
    private final byte[] id = new byte[24];
    private final Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    private final String[] cells = new String[COLUMNS.length];
    private final Text data = new Text();
    private final Text out = new Text();
    private final byte[] length = new byte[4];
    private ProcessorContext<byte[], byte[]> context;
    private String feed;
    private long mapping;
    private long received;

    Normaliser(String events, String dead) {
        this.events = events;
        this.dead = dead;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        String reason;
        try {
            readHeader(record.headers().lastHeader("cb").value());
            reason = readOrder(record.value()) ? write(record) : "bad_json";
        } catch (IOException e) {
            reason = "bad_json";
        } catch (DigestException e) {
            throw new IllegalStateException(e);
        }
        if (reason != null) {
            Headers headers = new RecordHeaders();
            headers.add(new RecordHeader("cb", bytes("{\"reason\":\"" + reason + "\"}")));
            context.forward(new Record<>(record.key(), record.value(), record.timestamp(), headers), dead);
        }
    }

    private void readHeader(byte[] cb) throws IOException {
        try (JsonParser parser = json.createParser(cb)) {
            parser.nextToken();
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                parser.nextToken();
                switch (name) {
                    case "feed" -> feed = parser.getText();
                    case "mapping" -> mapping = parser.getLongValue();
                    case "received" -> received = parser.getLongValue();
                    default -> { }
                }
            }
        }
    }

    /** Members by name; true when the value is one whole object. */
    private boolean readOrder(byte[] value) throws IOException {
        java.util.Arrays.fill(cells, null);
        try (JsonParser parser = json.createParser(value)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                Integer column = COLUMN_OF.get(name);
                if (column != null) {
                    cells[column] = token.isScalarValue() && token != JsonToken.VALUE_NULL ? clean(parser.getText()) : null;
                } else {
                    parser.skipChildren();
                }
            }
            return parser.nextToken() == null;
        }
    }

    /** Without blanks around it; null where it is one of the missing words. */
    private static String clean(String text) {
        String trimmed = text.strip();
        return trimmed.isEmpty() || trimmed.equals("-") || trimmed.equals("空") ? null : trimmed;
    }

    private void field(byte[] bytes, int count) {
        length[0] = (byte) (count >> 24);
        length[1] = (byte) (count >> 16);
        length[2] = (byte) (count >> 8);
        length[3] = (byte) count;
        sha.update(length);
        sha.update(bytes, 0, count);
    }

    private int writeId(byte[] number) throws DigestException {
        sha.update((byte) 'c');
        sha.update((byte) 'b');
        sha.update((byte) '1');
        field(NAMESPACE, NAMESPACE.length);
        field(number, number.length);
        field(STAGE, STAGE.length);
        sha.digest(hash, 0, hash.length);
        System.arraycopy(hash, 0, idBytes, 0, idBytes.length);
        return base64.encode(idBytes, id);
    }

    private void writeData(byte[] kind) {
        data.reset();
        data.add(TO_KIND);
        data.add(kind);
        data.add('"');
        for (int i = 0; i < NAMES.length; i++) {
            String text = cells[4 + i];
            if (text != null) {
                data.add(NAMES[i]);
                data.addJson(text);
                data.add('"');
            }
        }
        data.add('}');
    }

    /** The reason why not, or null. */
    private String write(Record<byte[], byte[]> record) throws DigestException {
        if (cells[0] == null) {
            return "bad_identity";
        }
        byte[] number = bytes(cells[0]);
        if (number.length > NUMBER_MAX) {
            return "bad_identity";
        }
        long revised = cells[1] == null ? 0 : Times.parse(cells[1]);
        if (revised == Times.NONE) {
            return "bad_date";
        }
        if (cells[2] == null) {
            return "missing_field";
        }
        long time = Times.parse(cells[2]);
        if (time == Times.NONE) {
            return "bad_date";
        }
        if (time > received + AHEAD_MS) {
            return "time_in_future";
        }
        if (cells[3] == null) {
            return "missing_field";
        }
        byte[] kind = KINDS.get(cells[3]);
        if (kind == null) {
            return "unknown_code";
        }
        writeData(kind);
        writeEvent(record, number, time, revised);
        return null;
    }

    private void writeEvent(Record<byte[], byte[]> record, byte[] number, long time, long revised) throws DigestException {
        byte[] subject = new byte[NAMESPACE.length + 1 + number.length];
        System.arraycopy(NAMESPACE, 0, subject, 0, NAMESPACE.length);
        subject[NAMESPACE.length] = ':';
        System.arraycopy(number, 0, subject, NAMESPACE.length + 1, number.length);
        out.reset();
        out.add(TO_ID);
        out.add(id, 0, writeId(number));
        out.add(TO_SOURCE);
        out.addJson(feed);
        out.add(TO_SUBJECT);
        addSubject();
        out.add(TO_TIME);
        Times.add(out, time);
        out.add(TO_RECORDED);
        Times.add(out, received);
        out.add(TO_KEY);
        addSubject();
        out.add(TO_FEED);
        out.addJson(feed);
        out.add(TO_VERSION);
        out.addJson(Long.toString(mapping));
        out.add(TO_REVISION);
        addRevision(revised);
        out.add(TO_DATA);
        out.add(data.bytes, 0, data.length);
        out.add('}');
        Headers headers = new RecordHeaders();
        headers.add(new RecordHeader("content-type", CONTENT_TYPE));
        context.forward(new Record<>(subject, out.copy(0), record.timestamp(), headers), events);
    }

    private void addSubject() {
        out.add(NAMESPACE);
        out.add(':');
        out.addJson(cells[0]);
    }

    private void addRevision(long revised) throws DigestException {
        sha.update(data.bytes, 0, data.length);
        sha.digest(hash, 0, hash.length);
        out.addDigits(revised, 20);
        out.add('.');
        out.addDigits(received, 15);
        out.add('.');
        out.addDigits(mapping, 6);
        out.add('.');
        out.addHex(hash, 8);
    }
}
