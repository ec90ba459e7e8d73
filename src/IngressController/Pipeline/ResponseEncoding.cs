namespace IngressController.Pipeline;

/// <summary>A content coding of the body of a response, which stands in the place of the body until it is ended.</summary>
internal abstract class ResponseEncoding
{
    /// <summary>Restores the body of the response. Called once all of it is written, or has failed.</summary>
    /// <param name="isComplete">True to write the end of the coding; without it the client sees that it is not all.</param>
    public abstract ValueTask EndAsync(bool isComplete);
}
