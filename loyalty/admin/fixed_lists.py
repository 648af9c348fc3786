"""Names of the domains' fixed lists, marked for the translators; `words.translated` and `pages.choice` use them."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import pgettext_lazy

LABELS = (
    # Contact, card, purchase
    _("New"), _("Active"), _("Blocked"), _("Issued"), _("Male"), _("Female"), _("Plastic"), _("Virtual"),
    _("Bonus"), _("Discount"), _("Bonus/Discount"), _("Completed"), _("Cancelled"), _("Refunded in full"),
    _("QR code"),
    # Accounts and operations
    _("Spendable"), _("Spendable escrow"), _("Tier-qualifying"), _("Tier-qualifying escrow"), _("Redeemed"),
    _("Burned"), _("Adjusted"), _("Accrual"), _("Redemption"), _("Rollover"), _("Return"), _("Restoration"),
    _("Expiry"), _("Adjustment"), _("Closed with the year"), _("Merged"), _("Year closed"), _("Merge"),
    _("Given up"),
    # Tiers
    _("Does not expire"), _("End of the following calendar year"), _("A number of days from entry"),
    _("Enrolled"), _("Upgraded"), _("Extended by qualifying again"), _("Assessed at expiry"), _("Left the programme"),
    _("The highest tier that the closing year earned"), _("At most one tier lower"),
    _("Merged with another customer"),
    # Promotions
    _("Draft"), _("Live"), _("Paused"), _("Ended"), _("Percent of the money paid"), _("Times the base points"),
    _("Fixed points for the basket"), _("Purchase at the till"), _("Scanned receipt"), _("Promo code"),
    _("Announcement only"),
    # Segments
    _("Add to the segment"), _("Take out of the segment"), _("Replace the whole segment"),
    # Promo codes
    _("Waiting"), _("Running"), _("Done"), _("Write 4 to 32 Latin letters and digits."),
    _("This looks like a generated code. Take at most seven characters, or one of A, E, I, L, O, Q, 0, 1 among them."),
    _("At most 8 characters that cannot be mistaken for others: 23456789CDFHJKMNPRTVWXY."),
    _("The codes are still being made. Wait until all of them are there."),
    # Settings
    _("Only points still in escrow"), _("Within the balance"), _("May leave a debt"), _("Never"),
    _("Some months after maturing"), _("Some months after the last purchase"),
    _("End of that month"), _("End of that quarter"), _("End of that year"),
    # Adjustments
    _("Waits for a second person"), _("Posted"), _("Refused"), _("Withdrawn"),
    _("Only spendable points that are taken can be owed."),
    _("This moment is still to come. Choose one in the past."),
    _("Say why without naming the customer: this text stays."),
    _("The customer has left the programme."),
    # Merging
    _("Several customers fit. Write the phone, the card number or the code."), _("This is the same customer."),
    # Limits
    _("Card"), _("Cashier"), _("Accruals"), _("Spends"), _("Number a day"), _("Amount a day"),
    _("A number of acts is a whole number."), _("The soft bound lies above the hard bound."),
    # Roles and surfaces
    _("Administrator"), _("Marketer"), _("Call-centre operator"), _("Senior employee"), _("Director"), _("Till"),
    _("Client (site, mobile app)"), _("Koshelek wallet"), _("Cash desk"), _("Bonus commands"), _("Loyalty data"),
    # Blocking
    _("Loss of the card"), _("Getting into the list of unwanted customers"), _("Getting into the black list"),
    _("Refusal to use"), _("Replacing the card"), _("Finding the card"), _("Exit from the list of unwanted customers"),
    _("Exit from the black list"), _("Restoration of the card after refusal to use"),
    _("The personal data were erased."),
    # Imports of numbers
    _("All or nothing"), _("Skip bad lines"), _("Waiting"), _("Running"), _("Done"), _("Refused"), _("Failed"),
    _("No number in this line"), _("Not only digits"), _("Wrong length for the series"),
    _("Wrong beginning for the series"), _("Wrong check digit"), _("Twice in the file"), _("In the system already"),
    _("The file is empty."), _("The file is larger than 32 MB. Divide it into several files."),
    _("There is no number in this file."), _("The file is neither CSV text nor an XLSX table."),
    _("The XLSX file cannot be read. Save it again, or save it as CSV."),
    _("The table is too large. Divide it into several files."),
    _("The file has more than 1000000 lines. Divide it into several files."),
    # Series and stores
    _("A prefix has digits only."), _("The prefix leaves no room for numbers."),
    _("Numbers of another series begin like this. Choose another prefix."),
    _("This barcode holds another length, or only the EAN check digit: EAN-8 has 8 digits, UPC-A 12, EAN-13 13."
      " Choose Code 128 or a QR code."),
    _("A store has this code already."),
    # Refusals that rules speak themselves
    _("This log-in exists already. Choose another name."),
    _("Nobody changes their own rights. Ask another administrator."),
    _("Targets must rise with the rank of the tiers."),
    _("A new tier stands above Base or a higher one."), _("This ladder is as high as it may be."),
    _("Look at the running year, or one that is over."),
    _("The end must come after the beginning."),
    _("Hours go from 0 to 24, the first before the last. For a night make two promotions."),
    _("A multiplier is above 1: 2 gives the base points twice."),
    _("The value is above zero."),
    _("The value is too large: at most 1000 percent, 100 times, 1000000 points."),
    _("A limit is above zero. Leave it empty for none."),
    _("Another promotion has this name. Choose another."),
    _("The last day of this promotion is past. Make a new one."),
    _("Write down why."),
    _("An announcement is nothing but its offer: give it a title first."),
    _("An announcement is nothing but its offer: it keeps a title."),
    _("An announcement gives no points. Leave it at zero."),
    _("Say both: in which regions, and within how many days."),
    _("These two leave nobody: the days within which they bought must be more than the days without."),
    _("Who never bought did not buy lately either. Leave one out."),
    _("The most is not less than the least."),
    _("The same segment cannot be wanted and unwanted."),
    _("Another audience has this name. Choose another."),
    _("Another segment has this name. Choose another."),
    _("This tier is not there any more. Choose again."),
    _("This segment is not there. Choose again."),
    _("No store is in this region. Choose again."),
    _("The table has no line that could name a customer."),
    _("The file is larger than 20 MB. Divide it into several."),
    _("The file is neither CSV text nor an XLSX table."),
    _("The XLSX file cannot be read. Save it again, or save it as CSV."),
    _("The table is too large. Divide it into several files."),
    _("This is not a whole PNG, JPEG or WebP picture."),
    _("The picture is larger than 5 MB."),
    _("The picture has more than 25 million points."),
    _("The picture is smaller than 32 points."),
    _("The picture moves. Choose a still one."),
    _("Enrol an authenticator app first."),
    _("Too many wrong codes. Wait a moment, then type the code that the app shows."),
    _("This code is not right. Type the code that the app shows now."),
)  # fmt: skip

# Unfold speaks English only; these are the words of it that people meet here.
UNFOLD = (
    _("Apply Filters"), _("Cancel"), _("Choose file to upload"), _("Dark"), _("Date"), _("Filters"), _("Go back"),
    _("Image preview"), _("Light"), _("More actions"),
    _("Next"), _("No data"), _("No results found"), _("Previous"), _("Reset filters"), _("Select value"),
    _("Submit"), _("System"), _("Toggle password visibility"), _("Type to search"), _("Welcome back to"),
    _("This page yielded into no results. Create a new item or reset your filters."), _("Return to site"),
    _("You have been successfully logged out from the administration"),
)  # fmt: skip

# The same words said of a card: other languages have genders.
CARD = (
    pgettext_lazy("card", "New"), pgettext_lazy("card", "Issued"), pgettext_lazy("card", "Active"),
    pgettext_lazy("card", "Blocked"),
)  # fmt: skip
