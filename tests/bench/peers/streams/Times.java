// SPDX-License-Identifier: Apache-2.0

/** Civil time by arithmetic: java.time makes an object a step. */
final class Times {
    static final long NONE = Long.MIN_VALUE;
    private static final long DAY_MS = 86_400_000L;
    private static final long ZONE_MS = 8 * 3_600_000L;

    private Times() {}

    private static int number(String s, int from, int digits) {
        int sum = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = s.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            sum = sum * 10 + digit;
        }
        return sum;
    }

    private static int monthDays(int year, int month) {
        boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        return month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    private static long days(int year, int month, int day) {
        long y = month <= 2 ? year - 1 : year;
        long era = Math.floorDiv(y, 400);
        long ofEra = y - era * 400;
        long ofYear = (153L * ((month + 9) % 12) + 2) / 5 + day - 1;
        return era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468;
    }

    /** YYYY-MM-DD hh:mm:ss or with slashes, Beijing; NONE where it is neither. */
    static long parse(String s) {
        if (s.length() != 19 || s.charAt(10) != ' ' || s.charAt(13) != ':' || s.charAt(16) != ':') {
            return NONE;
        }
        char separator = s.charAt(4);
        if ((separator != '-' && separator != '/') || s.charAt(7) != separator) {
            return NONE;
        }
        int year = number(s, 0, 4);
        int month = number(s, 5, 2);
        int day = number(s, 8, 2);
        int hour = number(s, 11, 2);
        int minute = number(s, 14, 2);
        int second = number(s, 17, 2);
        if (year < 0 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) {
            return NONE;
        }
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
            return NONE;
        }
        return days(year, month, day) * DAY_MS + (hour * 3600L + minute * 60L + second) * 1000 - ZONE_MS;
    }

    /** YYYY-MM-DDThh:mm:ss.mmmZ, as add writes it; NONE where it is not. */
    static long parseUtc(String s) {
        if (s.length() != 24 || s.charAt(10) != 'T' || s.charAt(19) != '.' || s.charAt(23) != 'Z') {
            return NONE;
        }
        int year = number(s, 0, 4);
        int month = number(s, 5, 2);
        int day = number(s, 8, 2);
        int hour = number(s, 11, 2);
        int minute = number(s, 14, 2);
        int second = number(s, 17, 2);
        int milli = number(s, 20, 3);
        if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || minute < 0 || second < 0 || milli < 0) {
            return NONE;
        }
        return days(year, month, day) * DAY_MS + (hour * 3600L + minute * 60L + second) * 1000 + milli;
    }

    /** RFC 3339 in UTC with milliseconds. */
    static void add(Text text, long ms) {
        long day = Math.floorDiv(ms, DAY_MS);
        long rest = ms - day * DAY_MS;
        long shifted = day + 719468;
        long era = Math.floorDiv(shifted, 146097);
        long ofEra = shifted - era * 146097;
        long yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
        long ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long marched = (5 * ofYear + 2) / 153;
        long month = marched < 10 ? marched + 3 : marched - 9;
        text.addDigits(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4);
        text.add('-');
        text.addDigits(month, 2);
        text.add('-');
        text.addDigits(ofYear - (153 * marched + 2) / 5 + 1, 2);
        text.add('T');
        text.addDigits(rest / 3_600_000, 2);
        text.add(':');
        text.addDigits(rest / 60_000 % 60, 2);
        text.add(':');
        text.addDigits(rest / 1000 % 60, 2);
        text.add('.');
        text.addDigits(rest % 1000, 3);
        text.add('Z');
    }
}
