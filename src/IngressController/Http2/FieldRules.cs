using System.Buffers;
using System.Buffers.Text;

namespace IngressController.Http2;

/// <summary>The kinds of field names that have rules of their own.</summary>
internal enum FieldName : byte
{
    Regular,
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    Status,
    UnknownPseudo,
    ContentLength,
    Host,
    Te,
    ConnectionSpecific,
    UpperCase,
    Invalid,
}

/// <summary>The pseudo fields of requests (RFC 9113, 8.3.1; RFC 8441, 4).</summary>
[Flags]
internal enum PseudoFields : byte
{
    None = 0,
    Method = 1,
    Scheme = 2,
    Authority = 4,
    Path = 8,
    Protocol = 16,
}

/// <summary>What the rules say about a field alone.</summary>
/// <param name="Pseudo">The pseudo field; None for a regular one.</param>
/// <param name="Problem">The problem of name or value.</param>
/// <param name="IsContentLength">True for a field that a request has once.</param>
/// <param name="IsHost">True for Host, which says the same as :authority.</param>
/// <param name="IsHead">True for the method HEAD.</param>
internal readonly record struct FieldTraits(PseudoFields Pseudo, RequestProblem Problem, bool IsContentLength, bool IsHost, bool IsHead);

/// <summary>The rules of RFC 9113 for the fields of requests (8.2 and 8.3), and those of RFC 9110 that concern framing.</summary>
internal static class FieldRules
{
    /// <summary>The characters of a token but for capitals (RFC 9110, 5.6.2).</summary>
    private static readonly SearchValues<byte> NameCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> Capitals = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    public static FieldName KindOf(ReadOnlySpan<byte> name)
    {
        if (name is [(byte)':', ..])
            return PseudoKindOf(name);
        if (name.IsEmpty)
            return FieldName.Invalid;
        if (name.ContainsAnyExcept(NameCharacters))
            return name.ContainsAny(Capitals) ? FieldName.UpperCase : FieldName.Invalid;
        return name.Length switch
        {
            2 when name.SequenceEqual("te"u8) => FieldName.Te,
            4 when name.SequenceEqual("host"u8) => FieldName.Host,
            14 when name.SequenceEqual("content-length"u8) => FieldName.ContentLength,
            7 when name.SequenceEqual("upgrade"u8) => FieldName.ConnectionSpecific,
            10 when name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8) => FieldName.ConnectionSpecific,
            16 when name.SequenceEqual("proxy-connection"u8) => FieldName.ConnectionSpecific,
            17 when name.SequenceEqual("transfer-encoding"u8) => FieldName.ConnectionSpecific,
            _ => FieldName.Regular,
        };
    }

    public static FieldTraits Check(FieldName name, ReadOnlySpan<byte> value)
    {
        var problem = ProblemOf(name, value);
        return new FieldTraits(PseudoOf(name), problem, name == FieldName.ContentLength, name == FieldName.Host, name == FieldName.Method && value.SequenceEqual("HEAD"u8));
    }

    private static FieldName PseudoKindOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(":path"u8) ? FieldName.Path
        : name.SequenceEqual(":method"u8) ? FieldName.Method
        : name.SequenceEqual(":scheme"u8) ? FieldName.Scheme
        : name.SequenceEqual(":authority"u8) ? FieldName.Authority
        : name.SequenceEqual(":protocol"u8) ? FieldName.Protocol
        : name.SequenceEqual(":status"u8) ? FieldName.Status
        : FieldName.UnknownPseudo;

    private static PseudoFields PseudoOf(FieldName name) => name switch
    {
        FieldName.Method => PseudoFields.Method,
        FieldName.Scheme => PseudoFields.Scheme,
        FieldName.Authority => PseudoFields.Authority,
        FieldName.Path => PseudoFields.Path,
        FieldName.Protocol => PseudoFields.Protocol,
        _ => PseudoFields.None,
    };

    private static RequestProblem ProblemOf(FieldName name, ReadOnlySpan<byte> value)
    {
        // RFC 9113, 8.2.1.
        if (value.IndexOfAny((byte)0, (byte)'\r', (byte)'\n') >= 0 || value is [(byte)' ' or (byte)'\t', ..] or [.., (byte)' ' or (byte)'\t'])
            return RequestProblem.FieldValue;
        return name switch
        {
            FieldName.Status => RequestProblem.ResponsePseudoField,
            FieldName.UnknownPseudo => RequestProblem.UnknownPseudoField,
            FieldName.ConnectionSpecific => RequestProblem.ConnectionSpecificField,
            FieldName.Te when !value.SequenceEqual("trailers"u8) => RequestProblem.Te,
            FieldName.ContentLength when !IsLength(value) => RequestProblem.ContentLength,
            FieldName.UpperCase => RequestProblem.UpperCaseName,
            FieldName.Invalid => RequestProblem.FieldName,
            _ => RequestProblem.None,
        };
    }

    private static bool IsLength(ReadOnlySpan<byte> value) =>
        !value.IsEmpty && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
        && Utf8Parser.TryParse(value, out long _, out var length) && length == value.Length;
}
