"""Twenty listings that are awkward to set in type, as sellers' files, each with its language.

Every field that can be drawn is filled, through the words that captions make of a listing.
"""

from __future__ import annotations

from typing import Any

LONG = ("A scratch along the seam that is seen only in low light. " * 6)[:300]


def _listing(
    words: tuple[str, ...],
    price: tuple[str, str, str | None],
    *,
    grade: str = "very-good",
    notes: tuple[tuple[str, str, str], ...] = (
        ("corner", "corner-wear", "light"), ("handle", "handle-darkening", "moderate"),
        ("interior", "none", "faint"),
    ),
    size: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A listing that says `words` wherever a seller writes freely, in turns."""

    def word(number: int) -> str:
        return words[number % len(words)]

    amount, currency, was = price
    stated = [
        {"part": part, "flaw": flaw, "severity": severity, "words": word(9 + number)}
        for number, (part, flaw, severity) in enumerate(notes)
    ]
    # The first is filmed; the others stand on grade cards.
    stated[0]["seen"] = {"time": 1.0}
    return {
        "sku": "AWKWARD-0417",
        "item": {
            "brand": word(0),
            "model": word(1),
            "colour": word(2),
            "material": word(3),
            "year": 2014,
            "size": size or {"width_cm": 24.5, "height_cm": 16, "depth_cm": 6, "label": word(4)},
        },
        "condition": {"scale": "house", "grade": grade, "notes": stated},
        "price": {"amount": amount, "currency": currency} | ({"was": was} if was else {}),
        "story": {
            "headline": word(5), "previous_owner": word(6), "owned_since": 2019,
            "special": word(7),
        },
        "includes": [word(number) for number in range(8, 14)],
        "footage": ["take.mp4"],
    }  # fmt: skip


_MANY = tuple(
    (part, flaw, severity)
    for part, flaw, severity in zip(
        ("whole", "front", "back", "side", "base", "corner", "edge", "handle", "strap", "chain",
         "clasp", "hardware"),
        ("scratch", "hairline", "scuff", "rub-mark", "piping-exposed", "crease",
         "colour-transfer", "water-stain", "loss-of-structure", "plating-loss", "brassing",
         "sticky-lining"),
        ("faint", "light", "moderate", "heavy") * 3,
        strict=True,
    )
)  # fmt: skip

AWKWARD: dict[str, tuple[str, dict[str, Any]]] = {
    "german": ("de", _listing(
        ("Kalbslederhandtaschenmanufaktur Oberammergau", "Umhängetaschenschulterriemenverstellung",
         "Dunkelbraunrotgoldmetallic", "Vollnarbenrindslederspaltvelours",
         "Übergrößenhandgepäckformat", "Donaudampfschifffahrtsgesellschaftskapitänsmützentasche",
         "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
         "Fußgängerübergänge, größtenteils überprüft"), ("1250", "EUR", "1499.50"))),
    "arabic": ("ar", _listing(
        ("دار أورلا", "حقيبة كتف صغيرة من جلد العجل", "بنّي كونياكي", "جلد عجل ناعم مخيط باليد",
         "صغير", "اشتُريت من فلورنسا عام 2014 وحُملت مرتين فقط", "جامعة حقائب من فلورنسا",
         "خدش صغير (2 سم) عند الزاوية السفلى — لم ينكسر الجلد"), ("18500.5", "AED", "22000"))),
    "hebrew": ("en", _listing(
        ("בית אורלה", "תיק צד קטן מעור עגל", "חום קוניאק", "עור עגל חלק, תפור ביד", "קטן",
         "נקנה בפירנצה ב-2014, נישא פעמיים", "אספנית מפירנצה",
         "שְׁפִיטָה קַלָּה בַּפִּנָּה (2 ס״מ), העור לא נפגע — iPhone 15 ליד"), ("99", "ILS", None))),
    "japanese": ("ja", _listing(
        ("メゾン・オルラ", "カーフスキンのポシェット・ミディアム", "コニャックブラウン",
         "手縫いのなめらかなカーフスキン", "ミディアム",
         "フィレンツェで購入、使用は二回のみ。「一生もの」です。", "フィレンツェのコレクター",
         "左下の角に小さなスレが２か所ありますが、革は破れていません。ショップ㈱ー々ゝ"),
        ("180000", "JPY", "220000"))),
    "chinese": ("zh-Hans", _listing(
        ("奥尔拉之家", "中号小牛皮手拿包", "干邑棕色", "手工缝制的光滑小牛皮", "中号",
         "购于佛罗伦萨，只背过两次——一直放在盒子里", "佛罗伦萨的一位收藏家",
         "左下角有两处轻微磨损，皮面没有破损。（自然光下才看得见）" * 4), ("13800", "CNY", None))),
    "taiwanese": ("zh-Hant", _listing(
        ("奧爾拉之家", "中型小牛皮手拿包", "干邑棕色", "手工縫製的光滑小牛皮", "中型",
         "購於佛羅倫斯，只背過兩次⋯⋯一直放在盒子裡", "佛羅倫斯的一位收藏家",
         "左下角有兩處輕微磨損，「皮面」沒有破損。"), ("458000", "TWD", "499000"))),
    "korean": ("ko", _listing(
        ("메종 오를라", "송아지 가죽 포셰트", "코냑 브라운", "손바느질한 부드러운 송아지 가죽",
         "미디엄", "피렌체에서 구입하여 두 번만 들었습니다", "피렌체의 수집가",
         "왼쪽 아래 모서리에 작은 긁힘이 두 군데 있으나 가죽은 찢어지지 않았습니다."),
        ("2450000", "KRW", "2990000"))),
    "thai": ("th", _listing(
        ("เมซงออร์ลา", "กระเป๋าสะพายหนังลูกวัวขนาดกลาง", "สีน้ำตาลคอนยัค", "หนังลูกวัวเย็บมืออย่างประณีต",
         "กลาง", "ซื้อจากฟลอเรนซ์และใช้เพียงสองครั้งเท่านั้น", "นักสะสมจากเมืองฟลอเรนซ์",
         "มีรอยถลอกเล็กๆ สองจุดที่มุมล่างซ้าย ที่นี่ ผู้ซื้อ ปี๊บ น้ำ ฐาน ญี่ปุ่น"), ("64900", "THB", None))),
    "hindi": ("en", _listing(
        ("मेज़ॉन ओर्ला", "बछड़े के चमड़े का मध्यम पर्स", "कॉन्यैक भूरा", "हाथ से सिला हुआ मुलायम चमड़ा", "मध्यम",
         "फ़्लोरेंस में ख़रीदा, केवल दो बार इस्तेमाल किया", "फ़्लोरेंस की एक संग्राहक",
         "निचले कोने पर दो निशान, र्त्स्न्य क्ष्म्य द्ध्र्य ट्ठ"), ("1234567", "INR", "1500000"))),
    "emoji": ("es", _listing(
        ("👜 Orla ✨", "Bolso 👩‍👧‍👦 familiar", "🟤 coñac", "piel 🐄", "🇪🇸 M", "¡Una joya! 💎 ❤️‍🔥",
         "👵🏽", "🪡 cosido a mano 👌🏿 ½ ☕ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 " + "😀" * 60), ("999999999", "COP", None))),
    "one-letter": ("en", _listing(("g",), ("0", "EUR", None), size={"label": "j"})),
    "three-hundred": ("fr", _listing(
        (LONG,), ("12", "CHF", "1234567.89"), notes=_MANY, size={"width_cm": 499.9})),
    "vietnamese": ("vi", _listing(
        ("Nhà Orla Ễ Ậ", "TÚI ĐEO CHÉO DA BÊ CỠ VỪA", "nâu hổ phách", "da bê mềm khâu tay",
         "vừa", "Mua ở Florence, mới đeo hai lần", "Một nhà sưu tầm ở Florence",
         "Z" + "\u0301" * 40 + "algo ǺỂŞĞİıŁ" + "ữ" * 30), ("100000000000", "VND", None))),
    "greek": ("it", _listing(
        ("Οίκος Όρλα", "Τσάντα ώμου από δέρμα μόσχου", "Коньячно-коричневый", "Гладкая кожа",
         "Ёлка", "Αγοράστηκε στη Φλωρεντία το 2014", "Šťastná sběratelka z Čech",
         "Щёголь съел ещё эту жижу; ΐ ΰ Ώ · Ĳ ij ﬁ ẞ"), ("8", "EUR", "12"))),
    "indonesian": ("id", _listing(
        ("Orla", "Tas selempang kulit", "cokelat", "kulit sapi", "sedang",
         "Pertanggungjawabannya dipertanggungjawabkan", "Kolektor di Firenze",
         "https://example.org/a/very/long/address/that/nobody/can/break?with=query&and=more#end"),
        ("999999999999", "IDR", None))),
    "markup": ("en", _listing(
        ("<script>alert(1)</script>", "</text></svg><image href='file:///etc/passwd'/>",
         "&amp; &lt; &#0; ]]>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;", "<b>",
         "\"><img src=x onerror=alert(1)>", "<?xml version='1.0'?>", "--><style>*{}</style>"),
        ("12345", "GBP", None))),
    "jinja": ("en", _listing(
        ("{{7*7}}", "{% raw %} {% endraw %} {# gone #}", "{{ self.__class__ }}", "{brand} {words}",
         "{{", "{Part}: {severity} {flaw}", "%(name)s %s ${x} #{y}", "{% include '/etc/passwd' %}"),
        ("1234567890.12", "USD", None))),
    "filter": ("en", _listing(
        ("':,[]", "'; drawtext=text=x:[0:v][1:a],overlay=0:0", "\\\\n \\, %{pts}", "a=b:c=d;e",
         "[v]", "$(reboot) `id` | > /dev/null && ;", "../../etc/passwd", "%00 \\x00 \\u0000 C:\\a"),
        ("12345678901", "CLP", None))),
    "hidden": ("ar", _listing(
        ("safe\u202egnihtyna\u202c", "\u200b\u2066x\u2069 y\ufeff", "a\u00adb\u200dc\u2060d",
         "\u061cعربي\u200f abc 123 (45%) \u200edef", "\u2067M\u2069",
         "English, ثم عربي (and 2014), then עברית end.", "\u202d123\u202c ـــ",
         "١٢٣ and 456 – \u200fقال: \u201cyes\u201d; 10×20 سم!"), ("50", "SAR", "1000000"))),
    "one-word": ("en", _listing(
        ("W" * 300, "i" * 300, "漢" * 300, "ß" * 300, "ﷲ" * 3, "กิ่" * 100, "ش" * 300, "-" * 300),
        ("123456", "KWD", None))),
}  # fmt: skip
