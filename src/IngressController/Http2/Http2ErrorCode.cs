namespace IngressController.Http2;

/// <summary>Error codes of HTTP/2 (RFC 9113, 7).</summary>
internal static class Http2ErrorCode
{
    public const int NoError = 0;
    public const int ProtocolError = 1;
    public const int InternalError = 2;
    public const int Cancel = 8;
    public const int EnhanceYourCalm = 11;
}
