using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IngressController.Routing.Values;

/// <summary>
/// Text of tenants in messages of the controller. A path may hold a line break and still pass the API server; unescaped, it would let its
/// author write lines of their own into the log.
/// </summary>
public static partial class DiagnosticText
{
    /// <summary>An Event's message may have 1,024 bytes.</summary>
    private const int MaxMessage = 1_000;

    private const int MaxValue = 100;

    /// <summary>
    /// Cuts a value of an object to the length that a message can carry, and redacts the password of a URL: messages become Events and log
    /// lines, which others can read than those who can read the object.
    /// </summary>
    public static string Shorten(string? value) => Cut(Password().Replace(value ?? "", "://$1:[redacted]@"), MaxValue);

    /// <summary>The password of a URL; it ends at the last @, as it may hold one itself.</summary>
    [GeneratedRegex(@"://([^/?#@:\s]*):[^/?#\s]*@", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Password();

    /// <summary>Escapes the characters that control how a message is displayed, and cuts it to the length of an Event's message.</summary>
    public static string Printable(string message)
    {
        if (message.Length <= MaxMessage && message.All(c => c is >= ' ' and < '\x7F'))
            return message;

        var text = new StringBuilder(message.Length);
        foreach (var rune in message.EnumerateRunes())
        {
            if (ControlsDisplay(rune))
                text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                text.Append(rune.ToString());
        }

        return Cut(text.ToString(), MaxMessage);
    }

    private static bool ControlsDisplay(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Cut(string value, int max)
    {
        if (value.Length <= max)
            return value;
        var end = max - 3;
        return $"{value[..(char.IsHighSurrogate(value[end - 1]) ? end - 1 : end)]}...";
    }
}
