"""quality_complaint"""

from actions.job import JobForm


class ValidateQualityComplaintForm(JobForm):
    form = "quality_complaint_form"
    intent = "quality_complaint"
    permission = "return"
