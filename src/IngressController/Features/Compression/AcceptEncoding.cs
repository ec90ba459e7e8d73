using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Compression;

/// <summary>The codings that a client accepts (RFC 9110, 12.5.3), each with its weight in thousandths.</summary>
internal readonly record struct AcceptEncoding(int Gzip, int Brotli, int Identity)
{
    private const int MaxWeight = 1000;

    /// <summary>The weight of what a client does not mention: identity, which is acceptable and less welcome than what it names.</summary>
    private const int Unmentioned = -1;

    /// <summary>True if the client accepts no response without a coding.</summary>
    public bool ForbidsIdentity => Identity == 0;

    public static AcceptEncoding Parse(StringValues values)
    {
        var (gzip, brotli, identity, any) = (Unmentioned, Unmentioned, Unmentioned, Unmentioned);
        foreach (var value in values)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var weight = Read(value.AsSpan()[range], out var coding);
                if (Is(coding, "gzip") || Is(coding, "x-gzip"))
                    gzip = Math.Max(gzip, weight);
                else if (Is(coding, "br"))
                    brotli = Math.Max(brotli, weight);
                else if (Is(coding, "identity"))
                    identity = Math.Max(identity, weight);
                else if (coding is "*")
                    any = Math.Max(any, weight);
            }
        }

        return new AcceptEncoding(Of(gzip, any), Of(brotli, any), identity == Unmentioned && any == 0 ? 0 : identity);
    }

    private static int Of(int named, int any) => named != Unmentioned ? named : Math.Max(any, 0);

    private static bool Is(ReadOnlySpan<char> coding, string name) => coding.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static int Read(ReadOnlySpan<char> item, out ReadOnlySpan<char> coding)
    {
        var semicolon = item.IndexOf(';');
        coding = (semicolon < 0 ? item : item[..semicolon]).Trim();
        if (semicolon < 0)
            return MaxWeight;
        var parameters = item[(semicolon + 1)..];
        foreach (var range in parameters.Split(';'))
        {
            var parameter = parameters[range].Trim();
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
                return ReadWeight(parameter[2..].Trim());
        }

        return MaxWeight;
    }

    /// <summary>A weight that cannot be read is 0: the client gets nothing that it may not understand.</summary>
    private static int ReadWeight(ReadOnlySpan<char> text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) && weight is >= 0 and <= 1 ? (int)(weight * MaxWeight) : 0;
}
