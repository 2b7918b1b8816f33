select
    rule.rule_id,
    rule.pack,
    rule.pack_version,
    rule.rule_kind,
    rule.forms,
    rule.severity,
    rule.on_fail,
    rule.sentence_vi,
    rule.sentence_en,
    rule.basis,
    rule.valid_from,
    rule.valid_to

from dim_rule as rule

order by rule.rule_id, rule.pack
