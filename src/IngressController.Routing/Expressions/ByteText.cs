using System.Text;

namespace IngressController.Routing.Expressions;

/// <summary>
/// Text in which one character is one byte, as expressions see it. Bytes outside ASCII are characters of the private use area there: .NET
/// would see letters in them, with word boundaries and upper case.
/// </summary>
internal static class ByteText
{
    private const int PrivateUse = 0xE000;

    /// <summary>The bytes of a text in UTF-8, one per character.</summary>
    public static string OfUtf8(string text) => Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    public static char Encode(int value) => (char)(value < 128 ? value : PrivateUse + value);

    public static string Encode(ReadOnlySpan<char> bytes) => string.Create(bytes.Length, bytes, static (text, bytes) =>
    {
        for (var i = 0; i < text.Length; i++)
            text[i] = Encode(bytes[i]);
    });

    /// <summary>The bytes of a part of an encoded text.</summary>
    public static string Decode(ReadOnlySpan<char> text) => string.Create(text.Length, text, static (bytes, text) =>
    {
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = text[i] < 128 ? text[i] : (char)(text[i] - PrivateUse);
    });
}
