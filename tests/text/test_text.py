"""Claims about comparable text: one key for every way of writing a label."""

import unicodedata

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text import spelling as text_module
from pipeline.text.spelling import decode, fold, fold_bare, fold_bare_column, fold_column, modernise, modernise_column


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Hoà Bình", "Hòa Bình"),
        ("Thuỷ", "Thủy"),
        ("Uỷ thác", "Ủy thác"),
        ("khoẻ", "khỏe"),
        ("hòan", "hoàn"),
        ("qúy", "quý"),
        ("THI HÀNH ÁN", "thi hành án"),
        (unicodedata.normalize("NFD", "Đình chỉ"), "Đình chỉ"),
        ("  Chủ\u00a0 động\n: ", "chủ động"),
        ("“Tổng số”", "Tổng số"),
        ("Kiên\u200b Giang", "Kiên Giang"),
    ],
)
def test_two_ways_of_writing_a_label_have_one_key(left, right):
    assert fold(left) == fold(right)


@pytest.mark.parametrize("text", ["hoàn", "hoặc", "huỳnh", "ngoài", "quý", "quá", "của", "nguyễn", "chuyển", "khoản"])
def test_a_rightly_placed_tone_stays(text):
    assert fold(text) == text


def test_different_tones_keep_labels_apart_until_the_last_resort():
    assert fold("Hoãn") != fold("Hoàn")
    assert fold_bare("Hoãn") == fold_bare("Hoàn") == "hoan"
    assert fold_bare("Đắk Lắk") == "dak lak"


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("Thi hµnh ¸n d©n sù", "Thi hành án dân sự"),
        ("HuyÖn Gß Quao", "Huyện Gò Quao"),
        ("tØnh Kiªn Giang", "tỉnh Kiên Giang"),
        ("§¾k N«ng", "Đắk Nông"),
        ("Thi haønh aùn daân söï", "Thi hành án dân sự"),
        ("TOÅNG SOÁ", "TỔNG SỐ"),
        ("Kieân Giang", "Kiên Giang"),
    ],
)
def test_old_code_pages_become_unicode(stored, meant):
    assert modernise(stored) == meant


@pytest.mark.parametrize("text", ["Hà Nam", "«Hà Nam»", "5 m²", "§ 5", "sè", "Hoà Bình", "Việt Nam", "café", "khoá"])
def test_unicode_text_is_never_taken_for_an_old_code_page(text):
    assert modernise(text) == text


def test_the_tables_of_old_code_pages_have_every_vietnamese_small_letter_once():
    tables = yaml.safe_load(
        text_module.Path(text_module.__file__).with_name("legacy_code_pages.yaml").read_text("utf-8")
    )
    vowels = "aăâeêioôơuưy"
    letters = {unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in text_module.TONES}
    letters |= set("ăâđêôơư")
    for code_page in ("tcvn3", "vni"):
        pairs = text_module._pairs(code_page)
        assert {meant for meant in pairs.values() if meant.islower()} == letters
        assert len(set(pairs.values())) == len(pairs)
        assert set(tables) == {"tcvn3", "vni", "syllable"}


def test_bytes_are_decoded_whatever_the_encoding():
    sentence = "Cục Thi hành án dân sự tỉnh Kiên Giang"
    assert decode(sentence.encode("utf-8-sig")) == sentence
    assert decode(sentence.encode("utf-16")) == sentence
    assert decode("Thi hµnh ¸n d©n sù".encode("cp1252")) == "Thi hành án dân sự"
    assert decode("Sô\u0301 thu\u0323".encode("cp1258")) == "Số thụ"
    assert decode(b"\x00\x01\x02\x03") is None


vietnamese = st.text(
    alphabet="aăâeêioôơuưyđnghqctoàáảãạòóỏõọùúủũụỳýỷỹỵắặốờữ ĐÀỶ.:-\u00a0\u0301\u0323\u0306", max_size=14
)
legacy = st.text(alphabet="thinhaâôöêµ¸¶·¹¨»©®ª«¬­×øùïûëåñ §", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(vietnamese | legacy | st.text(max_size=8), min_size=1, max_size=30))
def test_a_column_has_the_keys_of_its_values(texts):
    keys = pl.DataFrame({"text": texts}).select(
        modernise=modernise_column(pl.col("text")),
        fold=fold_column(pl.col("text")),
        fold_bare=fold_bare_column(pl.col("text")),
    )
    assert keys["modernise"].to_list() == [modernise(text) for text in texts]
    assert keys["fold"].to_list() == [fold(text) for text in texts]
    assert keys["fold_bare"].to_list() == [fold_bare(text) for text in texts]


@settings(max_examples=300, deadline=None)
@given(vietnamese)
def test_a_key_is_its_own_key(text):
    assert fold(fold(text)) == fold(text)
