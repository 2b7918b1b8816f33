select current_forms.submission_id
from {{ ref('int_current_form') }} as current_forms
inner join {{ ref('fct_submission') }} as submissions on current_forms.submission_id = submissions.submission_id
where submissions.verdict not in ('accepted', 'accepted_with_query')
