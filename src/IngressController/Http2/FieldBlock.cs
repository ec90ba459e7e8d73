using System.Text;

namespace IngressController.Http2;

/// <summary>Checks the fields of one header block at a time, and encodes them a second time where that is needed.</summary>
/// <param name="maxFields">The maximum number of fields.</param>
/// <param name="maxSize">The maximum size of all names and values, in bytes.</param>
internal sealed class FieldBlock(int maxFields, int maxSize)
{
    private bool _isTrailers;
    private bool _isCopied;
    private bool _hasRegular;
    private bool _hasLength;
    private bool _hasHost;
    private PseudoFields _pseudo;
    private int _count;
    private int _size;
    private byte[] _authority = [];
    private int _authorityLength;

    /// <summary>
    /// How many times the maximum size a block may have that is read to its end. A reference of one byte can stand for 4 KiB, so what one
    /// frame decodes to has no other bound.
    /// </summary>
    private const int MaxReadFactor = 4;

    /// <summary>The first problem.</summary>
    public RequestProblem Problem { get; private set; }

    /// <summary>True if the bytes of the client do not pass.</summary>
    public bool IsRewritten => _isCopied || Problem != RequestProblem.None;

    /// <summary>True if it is not worth to read the block to its end.</summary>
    public bool IsExcessive => _size > MaxReadFactor * (long)maxSize;

    /// <summary>The block that replaces the client's, if it is rewritten.</summary>
    public ByteBuffer Encoded { get; } = new();

    private bool IsHead { get; set; }

    public void Begin(bool isTrailers, bool isCopied)
    {
        (_isTrailers, _isCopied, _hasRegular, _hasLength, _hasHost, IsHead) = (isTrailers, isCopied, false, false, false, false);
        (_pseudo, _count, _size, Problem) = (PseudoFields.None, 0, 0, RequestProblem.None);
    }

    public void Add(HpackField field)
    {
        IsHead |= field.Traits.IsHead;
        _size += field.Name.Length + field.Value.Length;
        if (Problem != RequestProblem.None)
            return;
        Problem = Check(field.Traits, field.Value);
        if (_isCopied && Problem == RequestProblem.None)
            HpackWriter.Write(Encoded, field.Name, field.Value);
    }

    public void Refuse(RequestProblem problem)
    {
        if (Problem == RequestProblem.None)
            Problem = problem;
    }

    /// <summary>Ends the block. A malformed one is replaced.</summary>
    public void End()
    {
        if (Problem == RequestProblem.None)
            return;
        Encoded.Release();
        if (_isTrailers)
            MalformedRequest.WriteTrailers(Encoded, Problem);
        else
            MalformedRequest.WriteHead(Encoded, Problem, IsHead);
    }

    private RequestProblem Check(FieldTraits traits, ReadOnlySpan<byte> value)
    {
        if (++_count > maxFields || _size > maxSize)
            return RequestProblem.TooLarge;
        if (traits.Problem != RequestProblem.None)
            return traits.Problem;
        if (traits.Pseudo != PseudoFields.None)
            return CheckPseudo(traits.Pseudo, value);
        _hasRegular = true;
        if (traits.IsHost)
            return CheckHost(value);
        if (!traits.IsContentLength)
            return RequestProblem.None;
        (var isRepeated, _hasLength) = (_hasLength, true);
        return isRepeated ? RequestProblem.RepeatedContentLength : RequestProblem.None;
    }

    private RequestProblem CheckPseudo(PseudoFields field, ReadOnlySpan<byte> value)
    {
        if (_isTrailers)
            return RequestProblem.PseudoFieldInTrailers;
        if (_hasRegular)
            return RequestProblem.LatePseudoField;
        if ((_pseudo & field) != PseudoFields.None)
            return RequestProblem.RepeatedPseudoField;
        _pseudo |= field;
        if (field == PseudoFields.Authority)
            KeepAuthority(value);
        return RequestProblem.None;
    }

    /// <summary>Kestrel uses <c>:authority</c> and ignores Host beside it, also if they differ (RFC 9113, 8.3.1).</summary>
    private RequestProblem CheckHost(ReadOnlySpan<byte> value)
    {
        if (_isTrailers)
            return RequestProblem.None;
        (var isRepeated, _hasHost) = (_hasHost, true);
        return isRepeated ? RequestProblem.RepeatedHost
            : (_pseudo & PseudoFields.Authority) == PseudoFields.None || Ascii.EqualsIgnoreCase(_authority.AsSpan(0, _authorityLength), value) ? RequestProblem.None
            : RequestProblem.DifferentHost;
    }

    private void KeepAuthority(ReadOnlySpan<byte> value)
    {
        if (_authority.Length < value.Length)
            _authority = new byte[value.Length];
        value.CopyTo(_authority);
        _authorityLength = value.Length;
    }
}
