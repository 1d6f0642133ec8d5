// Numbers and names as people read them. Missing values (null) read as an en dash or a phrase, never as 0.

const LOCALE = 'en-IN'; // groups digits the Indian way: 12,34,567

const rupeeWhole = new Intl.NumberFormat(LOCALE, { style: 'currency', currency: 'INR', maximumFractionDigits: 0 });
const rupeeExact = new Intl.NumberFormat(LOCALE, { style: 'currency', currency: 'INR', minimumFractionDigits: 2 });
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });

export const NONE = '–';

const isNumber = (x) => typeof x === 'number' && Number.isFinite(x);

export function rupees(x) {
    if (!isNumber(x)) return NONE;
    return (Number.isInteger(x) || x >= 10000 ? rupeeWhole : rupeeExact).format(x);
}

/** An axis label: three digits, and words that read the same everywhere: 500; 10,000; 2.5 lakh; 1 crore */
export function countShort(x) {
    if (!isNumber(x)) return NONE;
    const [size, word] = x >= 1e7 ? [1e7, ' crore'] : x >= 1e5 ? [1e5, ' lakh'] : [1, ''];
    return rough.format(x / size) + word;
}

export function rupeesShort(x) {
    return `₹${countShort(x)}`;
}

export function count(x) {
    return isNumber(x) ? whole.format(x) : NONE;
}

/** "1 product", "2,345 products" */
export function plural(n, one, many = `${one}s`) {
    return `${count(n)} ${n === 1 ? one : many}`;
}

export function percent(x, digits = 0) {
    return isNumber(x) ? `${x.toFixed(digits)}%` : NONE;
}

export function decimal(x, digits) {
    return isNumber(x) ? x.toFixed(digits) : NONE;
}

/** A score with as many digits as tell it from its neighbours: 0.583, 627.1, 2,364 */
export function score(x) {
    if (!isNumber(x)) return NONE;
    if (Math.abs(x) < 10) return x.toFixed(3);
    return Math.abs(x) < 1000 ? x.toFixed(1) : whole.format(x);
}

/** Seconds as a duration that fits them: "180 µs", "2.4 ms", "1.2 s" */
export function duration(seconds) {
    if (!isNumber(seconds)) return NONE;
    if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
    if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
    return `${seconds.toFixed(1)} s`;
}

/** "3 minutes ago" */
export function ago(time, now = Date.now()) {
    const seconds = (new Date(time).getTime() - now) / 1000;
    if (!Number.isFinite(seconds)) return NONE;
    const units = [
        ['day', 86400],
        ['hour', 3600],
        ['minute', 60],
    ];
    for (const [unit, size] of units) {
        if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
    }
    return relative.format(Math.round(Math.min(seconds, 0)), 'second');
}

export function dateTime(time) {
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? NONE : moment.format(date);
}

/** Catalogue names carry no spaces: "Printers,Inks&Accessories" reads "Printers, Inks & Accessories". */
export function categoryName(raw) {
    return String(raw ?? '')
        .replace(/\s*&\s*/g, ' & ')
        .replace(/,\s*/g, ', ')
        .replace(/([a-z])([A-Z])/g, '$1 $2')
        .replace(/([A-Z])([A-Z][a-z]{2,})/g, '$1 $2')
        .trim();
}

/** First letter in upper case, for labels that start a line. */
export function capital(text) {
    const s = String(text ?? '');
    return s.charAt(0).toUpperCase() + s.slice(1);
}

/** Without the marks that turn the direction of text, for places where the text around it cannot be kept apart. */
export function oneDirection(text) {
    return String(text ?? '').replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}
