"""Promises: the words, language by language, that no badge may say, and those only a badge may.

They are stems, so that their forms are caught too: garantie, garantito, garansi. A language with
words for overlays has its own in both lists.
"""

from __future__ import annotations

import re
from typing import Final

_PROMISES: Final = (
    # Latin letters: English, French, German, Spanish, Italian, Indonesian
    r"gu?aran[tzs]|warrant|certified\s+by|certif\w*\s+auth?[eé]nti\w*"
    r"|zertifiziert\s+(echt|auth)|bersertifikat\s+asli"
    r"|endorsed|(approved|approuvée?|genehmigt|aprobad[oa]|approvat[oa]|disetujui)"
    r"\s+(by|par|durch|por|da|oleh)\b|official|officiel|offiziell|oficial|ufficial|\bresmi\b|genuine"
    r"|no\s+doubt|sans\s+aucun\s+doute|ohne\s+(jeden\s+)?zweifel|zweifelsfrei"
    r"|sin\s+(ninguna\s+)?duda|senza\s+(alcun\s+)?dubbio|tanpa\s+ragu|risk[- ]free|sans\s+risque"
    r"|risikofrei|sin\s+riesgo|senza\s+rischi|dijamin|jaminan",
    r"(100|１００|١٠٠|๑๐๐)\s*([%％٪]|(per|pour|por)\s*-?(cent|cien)|prozent|persen"
    r"|phần trăm|เปอร์เซ็นต์)",
    # Vietnamese
    r"(bảo|đảm)\s+(đảm|bảo|hành)|cam kết|chính\s+(hãng|thức)",
    # Chinese and Japanese. The shop's card (保証書, 保卡) comes with a piece and promises nothing.
    r"保[证証證](?![书書卡])|[担擔]保|保真|包真|假一[赔賠罚罰]|官方|百分(之)?百|[绝絕]对?對?(正品|真品)|[无無][风風][险險]"
    r"|公式|正規品|確約|絶対に?本物|間違いなく",
    # Korean; likewise 보증서
    r"보증(?!서)|보장|공식|책임지|확실(한|히)|백\s*퍼센트|퍼센트\s*정품",
    # Thai
    r"รับประกัน|การันตี|แท้แน่นอน|แท้ทุกชิ้น|อย่างเป็นทางการ|ยืนยันของแท้|ไม่มีความเสี่ยง",
    # Arabic
    r"ضمان|مضمون|[نأت]ضمن|كفالة|مكفول|رسمي|معتمدة?\s+من|بلا\s+شك|دون\s+شك|بالمئة|بالمائة",
)  # fmt: skip
_FOR_THE_BADGE: Final = (
    r"auth?[eé]nti\w*|\becht\w*|v[eé]ritabl\w*|\basli\b|\bkeaslian\b|hàng thật|xác thực"
    r"|v[eé]rifi\w*|geprüft|untersucht|examin\w*|esaminat\w*|diperiksa|(c|z|s)ertifi\w*|chứng nhận",
    r"正品|真品|真正|本物|[鉴鑑][定别別]|[证證]书|[证證]書|証明書|认证|認[證証]|真贋",
    r"정품|진품|감정|인증|검증",
    r"ของแท้|แบรนด์แท้|ตรวจสอบ|รับรอง|พิสูจน์",
    r"أصلي|أصالة|شهادة|فحص|موثّ?ق|للتحقق",
)  # fmt: skip

PROMISES: Final = re.compile("|".join(_PROMISES), re.IGNORECASE)
"""What no badge may say."""
FOR_THE_BADGE: Final = re.compile("|".join(_FOR_THE_BADGE), re.IGNORECASE)
"""What a storyboard's own words may not say: a badge has a certificate behind it."""
