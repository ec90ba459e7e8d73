using System.Text;
using IngressController.Http;

namespace IngressController.Tests.Http;

/// <summary>The reading of Content-Length for Kestrel.</summary>
public sealed class ContentLengthEncodingTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("0005")]
    [InlineData("9223372036854775807")]
    public void Digits_are_read_as_they_are(string value)
    {
        var chars = new char[20];
        Assert.Equal(value, new string(chars, 0, ContentLengthEncoding.Instance.GetChars(Encoding.Latin1.GetBytes(value), chars.AsSpan())));
    }

    [Theory]
    [InlineData("+5")]
    [InlineData("5 ")]
    [InlineData("5\0")]
    [InlineData("\u0665")]
    [InlineData("00000000000000000005")]
    public void Another_value_is_longer_than_Kestrel_accepts(string value) =>
        Assert.Equal(20, ContentLengthEncoding.Instance.GetChars(Encoding.UTF8.GetBytes(value), new char[20].AsSpan()));

    [Fact]
    public void The_text_for_the_log_is_short_and_visible()
    {
        Assert.Equal("?[31m5??", ContentLengthEncoding.Instance.GetString("\u001b[31m5\0\u007f"u8));
        Assert.Equal(64, ContentLengthEncoding.Instance.GetString(new byte[10_000]).Length);
        Assert.Equal("", ContentLengthEncoding.Instance.GetString([]));
    }
}
