"""The words of the register that the rulebook does not have: measures that hold for all of it, and labels of its page. Data."""

from collections.abc import Mapping, Sequence
from typing import Final

Words = Mapping[str, str]

PEOPLE: Final[Words] = {
    "en": "People who came as migrants or refugees and are registered with one of the organisations below",
    "bg": "Хора, дошли като мигранти или бежанци и регистрирани в някоя от организациите по-долу",
    "uk": "Люди, які прибули як мігранти або біженці й зареєстровані в одній із організацій нижче",
    "ar": "أشخاص قدموا مهاجرين أو لاجئين وسُجّلوا لدى إحدى المنظمات أدناه",
}

MEASURES: Final[Sequence[Words]] = (
    {
        "en": "Every access states its purpose; attributes that the purpose does not need are not read from the database.",
        "bg": "Всеки достъп посочва цел; данните, които не са нужни за нея, не се четат от базата данни.",
    },
    {
        "en": "Every disclosure and every refusal is written down before the answer leaves, in a record that shows any change.",
        "bg": "Всяко разкриване и всеки отказ се записват преди отговора, в регистър, чиято промяна се забелязва.",
    },
    {
        "en": "Attributes that are not ordinary are encrypted one by one under a key of that person; erasure destroys the key.",
        "bg": "Данните, които не са обикновени, се шифроват поотделно с ключ на лицето; изтриването унищожава ключа.",
    },
    {
        "en": "Every organisation knows people by ids of its own, which cannot be joined with those of another.",
        "bg": "Всяка организация познава хората с нейни идентификатори, които не се свързват с тези на друга.",
    },
    {
        "en": "Restricted people are visible only to organisations that have their case.",
        "bg": "Лица с ограничено обработване виждат само организациите, които водят техен случай.",
    },
)

SAFEGUARDS: Final[Mapping[str, Words]] = {
    "ids of this purpose": {
        "en": "Ids of people are made for this purpose alone.",
        "bg": "Идентификаторите на хората важат само за тази цел.",
    },
    "reviewed emergency": {
        "en": "Whoever uses it says why, sees for a limited time, and is reviewed by another organisation.",
        "bg": "Който я ползва, посочва причина, вижда за ограничено време и подлежи на преглед от друга организация.",
    },
    "ranking without protected attributes": {
        "en": "Rankings use nothing but what is disclosed for it; a person decides, and effects on groups are audited.",
        "bg": "Подреждането ползва само разкритото за целта; решава човек, а последиците за групите се проверяват.",
    },
}

LABELS: Final[Mapping[str, Words]] = {
    "title": {
        "en": "Register of processing activities",
        "bg": "Регистър на дейностите по обработване",
        "uk": "Реєстр операцій з обробки даних",
        "ar": "سجل أنشطة المعالجة",
    },
    "people": {"en": "Whose data", "bg": "Чии данни", "uk": "Чиї дані", "ar": "بيانات مَن"},
    "measures": {"en": "Measures", "bg": "Мерки", "uk": "Заходи", "ar": "التدابير"},
    "legal_bases": {"en": "Legal bases", "bg": "Правни основания", "uk": "Правові підстави", "ar": "الأسس القانونية"},
    "data": {"en": "Data", "bg": "Данни", "uk": "Дані", "ar": "البيانات"},
    "conditional": {"en": "under a condition", "bg": "при условие", "uk": "за умови", "ar": "بشرط"},
    "recipients": {"en": "Recipients", "bg": "Получатели", "uk": "Одержувачі", "ar": "المستلمون"},
    "until": {"en": "until", "bg": "до", "uk": "до", "ar": "حتى"},
    "retention": {"en": "Kept for", "bg": "Срок на съхранение", "uk": "Строк зберігання", "ar": "مدة الحفظ"},
    "safeguards": {"en": "Safeguards", "bg": "Гаранции", "uk": "Гарантії", "ar": "الضمانات"},
    "accepts": {
        "en": "Accepted although it hints at more",
        "bg": "Прието, макар да подсказва повече",
        "uk": "Прийнято, хоча натякає на більше",
        "ar": "مقبول رغم أنه يلمّح إلى أكثر",
    },
    "transfers": {
        "en": "Transfers to third countries: none",
        "bg": "Предаване на трети държави: няма",
        "uk": "Передача до третіх країн: немає",
        "ar": "النقل إلى بلدان ثالثة: لا يوجد",
    },
}
