namespace IngressController.Leadership;

/// <summary>Whether this replica may write to the API server at this moment. Asked right before each write.</summary>
internal delegate bool MayWrite();
