// SPDX-License-Identifier: Apache-2.0

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** One event of a case: its opening is answered by a decision and its orders; the decision read back by nothing. */
final class Decider implements Processor<byte[], byte[], byte[], byte[]> {
    static final String CASES = "cases";
    static final String EVENTS = "events";

    private static final byte[] LEAD = bytes("lead");
    private static final byte[] EVENT_TYPE = bytes("application/cloudevents+json; charset=UTF-8");
    private static final byte[] ORDER_TYPE = bytes("application/json; charset=UTF-8");
    private static final byte[] TO_ID = bytes("{\"specversion\":\"1.0\",\"id\":\"");
    private static final byte[] TO_SUBJECT =
            bytes("\",\"source\":\"/router\",\"type\":\"cn.citybrain.case.dispatched.v1\",\"subject\":\"");
    private static final byte[] TO_TIME = bytes("\",\"time\":\"");
    private static final byte[] TO_RECORDED = bytes("\",\"datacontenttype\":\"application/json\",\"recordedtime\":\"");
    private static final byte[] TO_KEY = bytes("\",\"partitionkey\":\"");
    private static final byte[] TO_CAUSE = bytes("\",\"causationid\":\"");
    private static final byte[] TO_REVISION =
            bytes("\",\"party\":\"router\",\"revision\":\"00000000000000000000.");
    private static final byte[] TO_HASH = bytes(".000000.");
    private static final byte[] TO_DATA = bytes("\",\"data\":");
    private static final byte[] TO_DUE = bytes(",\"due_at\":\"");
    private static final byte[] TO_INTERNAL = bytes(",\"internal_due_at\":\"");
    private static final byte[] TO_DATA_CAUSE = bytes(",\"cause\":\"");
    private static final byte[] ORDER_ID = bytes("{\"id\":\"");
    private static final byte[] TO_CASE = bytes("\",\"case\":\"");
    private static final byte[] TO_STATE = bytes("\",\"state\":\"open\"");

    private static final long DAY_MS = 86_400_000;

    private final Answers answers;
    private final JsonFactory json = new JsonFactory();
    private final MessageDigest sha = sha256();
    private final byte[] hash = new byte[32];
    private final byte[] idBytes = new byte[16];
    private final byte[] answerId = new byte[24];
    private final Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    private final Text data = new Text();
    private final Text out = new Text();
    private final byte[] length = new byte[4];
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], byte[]> cases;
    private String id;
    private String time;
    private String recorded;
    private String revision;
    private String requestKind;
    private String type;
    private String community;
    private boolean opened;

    Decider(Answers answers) {
        this.answers = answers;
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
        cases = context.getStateStore(CASES);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        if (record.key() == null) {
            return;
        }
        try {
            read(record.value());
            byte[] set = cases.get(record.key());
            if (holds(set, id)) {
                return;
            }
            if (!opened || set != null) {
                throw new IllegalStateException("of another job: " + id);
            }
            decide(record);
        } catch (IOException | DigestException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Is there a line of that event? Lines begin with the id. */
    private static boolean holds(byte[] set, String id) {
        int count = id.length();
        for (int at = 0; set != null && at + count <= set.length; at++) {
            int i = 0;
            while (i < count && set[at + i] == id.charAt(i)) {
                i++;
            }
            if (i == count) {
                return true;
            }
            while (at < set.length && set[at] != '\n') {
                at++;
            }
        }
        return false;
    }

    /** Of another stage than the opening no more than its id is wanted. */
    private void read(byte[] value) throws IOException {
        try (JsonParser parser = json.createParser(value)) {
            parser.nextToken();
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "id" -> id = parser.getText();
                    case "type" -> {
                        opened = parser.getText().equals("cn.citybrain.case.opened.v1");
                        if (!opened) {
                            return;
                        }
                    }
                    case "time" -> time = parser.getText();
                    case "recordedtime" -> recorded = parser.getText();
                    case "revision" -> revision = parser.getText();
                    case "data" -> readData(parser);
                    default -> {
                        if (token.isStructStart()) {
                            parser.skipChildren();
                        }
                    }
                }
            }
        }
    }

    private void readData(JsonParser parser) throws IOException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            parser.nextToken();
            switch (name) {
                case "request_kind" -> requestKind = parser.getText();
                case "type_code" -> type = parser.getText();
                case "community_code" -> community = parser.getText();
                default -> parser.skipChildren();
            }
        }
    }

    private void field(byte[] bytes, int count) {
        length[0] = (byte) (count >> 24);
        length[1] = (byte) (count >> 16);
        length[2] = (byte) (count >> 8);
        length[3] = (byte) count;
        sha.update(length);
        sha.update(bytes, 0, count);
    }

    private int writeAnswerId(byte[] cause) throws DigestException {
        sha.update((byte) 'c');
        sha.update((byte) 'b');
        sha.update((byte) '1');
        field(cause, cause.length);
        field(LEAD, LEAD.length);
        sha.digest(hash, 0, hash.length);
        System.arraycopy(hash, 0, idBytes, 0, idBytes.length);
        return base64.encode(idBytes, answerId);
    }

    /** Returns how much of it units are told. */
    private int writeData(Answers.Answer answer, long openedMs, byte[] cause) {
        data.reset();
        data.add(answer.front());
        if (answer.dueMs() > 0) {
            data.add(TO_DUE);
            Times.add(data, openedMs + answer.dueMs());
            data.add('"');
        }
        if (answer.dueMs() > DAY_MS) {
            data.add(TO_INTERNAL);
            Times.add(data, openedMs + answer.dueMs() - DAY_MS);
            data.add('"');
        }
        data.add(answer.back());
        data.add(TO_DATA_CAUSE);
        data.add(cause);
        data.add('"');
        int told = data.length;
        data.add(answer.more());
        data.add('}');
        return told;
    }

    private void decide(Record<byte[], byte[]> record) throws DigestException {
        Answers.Answer answer = answers.of(type, community);
        long openedMs = Times.parseUtc(time);
        long recordedMs = Times.parseUtc(recorded);
        byte[] cause = bytes(id);
        byte[] at = bytes(recordedMs >= openedMs ? recorded : time);
        int idLength = writeAnswerId(cause);
        int told = writeData(answer, openedMs, cause);
        sha.update(data.bytes, 0, data.length);
        sha.digest(hash, 0, hash.length);
        writeEvent(record, cause, at, Math.max(openedMs, recordedMs), idLength);
        for (int i = 0; i < answer.units().length; i++) {
            writeOrder(record, answer, i, at, told, idLength);
        }
        cases.put(record.key(), lines(answer, at, idLength));
    }

    private void writeEvent(Record<byte[], byte[]> record, byte[] cause, byte[] at, long atMs, int idLength) {
        out.reset();
        out.add(TO_ID);
        out.add(answerId, 0, idLength);
        out.add(TO_SUBJECT);
        out.add(record.key());
        out.add(TO_TIME);
        out.add(at);
        out.add(TO_RECORDED);
        out.add(at);
        out.add(TO_KEY);
        out.add(record.key());
        out.add(TO_CAUSE);
        out.add(cause);
        out.add(TO_REVISION);
        out.addDigits(atMs, 15);
        out.add(TO_HASH);
        out.addHex(hash, 8);
        out.add(TO_DATA);
        out.add(data.bytes, 0, data.length);
        out.add('}');
        forward(record, EVENT_TYPE, EVENTS);
    }

    private void writeOrder(
            Record<byte[], byte[]> record, Answers.Answer answer, int which, byte[] at, int told, int idLength) {
        out.reset();
        out.add(ORDER_ID);
        out.add(answerId, 0, idLength);
        out.add(TO_CASE);
        out.add(record.key());
        out.add(answer.orders()[which]);
        out.add(at);
        out.add(TO_STATE);
        out.add(',');
        out.add(data.bytes, 1, told - 1);
        out.add('}');
        forward(record, ORDER_TYPE, answer.units()[which]);
    }

    private void forward(Record<byte[], byte[]> record, byte[] contentType, String child) {
        Headers headers = new RecordHeaders();
        headers.add(new RecordHeader("content-type", contentType));
        context.forward(new Record<>(record.key(), out.copy(0), record.timestamp(), headers), child);
    }

    /** The case: a line for what was read and one for what was said. */
    private byte[] lines(Answers.Answer answer, byte[] at, int idLength) {
        out.reset();
        for (String text : new String[] {id, "opened", time, recorded, revision, requestKind, type, community}) {
            out.addJson(text);
            out.add('|');
        }
        out.add('\n');
        out.add(answerId, 0, idLength);
        out.add('|');
        out.addJson("dispatched|");
        out.add(at);
        out.add('|');
        out.addHex(hash, 8);
        out.add('|');
        out.addJson(answer.units()[0]);
        return Arrays.copyOf(out.bytes, out.length);
    }
}
