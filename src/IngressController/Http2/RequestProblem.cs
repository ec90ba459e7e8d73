namespace IngressController.Http2;

/// <summary>What is wrong with the fields of a request.</summary>
internal enum RequestProblem : byte
{
    None,
    FieldName,
    UpperCaseName,
    FieldValue,
    ConnectionSpecificField,
    Te,
    ContentLength,
    RepeatedContentLength,
    RepeatedHost,
    DifferentHost,
    UnknownPseudoField,
    ResponsePseudoField,
    RepeatedPseudoField,
    LatePseudoField,
    PseudoFieldInTrailers,
    SelfDependency,
    TooLarge,
}

/// <summary>The words for a problem.</summary>
internal static class RequestProblems
{
    public static string Explain(this RequestProblem problem) => problem switch
    {
        RequestProblem.FieldName => "the name of a field is empty or contains a character that is not allowed",
        RequestProblem.UpperCaseName => "the name of a field contains an upper-case letter",
        RequestProblem.FieldValue => "the value of a field begins or ends with a blank, or contains NUL, CR or LF",
        RequestProblem.ConnectionSpecificField => "HTTP/2 has no Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding and Upgrade",
        RequestProblem.Te => "TE has another value than trailers",
        RequestProblem.ContentLength => "Content-Length is not a number",
        RequestProblem.RepeatedContentLength => "the request has more than one Content-Length",
        RequestProblem.RepeatedHost => "the request has more than one Host",
        RequestProblem.DifferentHost => "the Host of the request differs from its :authority",
        RequestProblem.UnknownPseudoField => "the request has an unknown pseudo field",
        RequestProblem.ResponsePseudoField => "the request has a pseudo field of responses",
        RequestProblem.RepeatedPseudoField => "a pseudo field is repeated",
        RequestProblem.LatePseudoField => "a pseudo field follows other fields",
        RequestProblem.PseudoFieldInTrailers => "the trailers contain a pseudo field",
        RequestProblem.SelfDependency => "the stream depends on itself",
        RequestProblem.TooLarge => "the request has too many header fields, or they are too large",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "unknown problem"),
    };
}
